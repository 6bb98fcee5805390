extension Command {
  /// The help of a command, or of the program.
  public static func helpText(for verb: Verb?) -> String {
    guard let verb else { return overview }
    let form = verb.form
    let options = form.options + [.help]
    let lines = options.map { HelpText.entry($0.phrase, $0.summary, indentation: 2) }
    return """
      \(form.summary)

      Usage
        gossan \(form.usage(of: verb))

      Options
      \(lines.joined(separator: "\n"))

      Exit status
      \(statuses(form.statuses))

      Example
        \(form.example)

      """
  }

  private static var overview: String {
    let verbs = Verb.allCases.map { HelpText.entry($0.rawValue, $0.summary, indentation: 2) }
    return """
      gossan makes probability and SHAP rasters from stacks of GeoTIFFs.

      Usage
        gossan COMMAND [ARGUMENTS]

      Commands
      \(verbs.joined(separator: "\n"))

      'gossan COMMAND --help' says more; 'gossan --version' says which version it is.

      Exit status
      \(statuses(Runner.Status.allCases))

      Example
        \(Verb.run.form.example)

      """
  }

  private static func statuses(_ statuses: [Runner.Status]) -> String {
    statuses.map { HelpText.entry("\($0.rawValue)", $0.summary, indentation: 2) }
      .joined(separator: "\n")
  }
}
