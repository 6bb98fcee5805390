extension Command.Shell {
  /// A script that completes the words of `gossan` in the shell, from the tables of the help.
  public func completions(stages: [String]) -> String {
    switch self {
    case .bash: BashCompletions(stages: stages).script
    case .zsh: ZshCompletions(stages: stages).script
    case .fish: FishCompletions(stages: stages).script
    }
  }
}

/// What completions say beside the forms of the commands.
enum CompletionWords {
  /// The words that may come first, with what they do.
  static let first: [(word: String, summary: String)] =
    Command.Verb.allCases.map { ($0.rawValue, $0.summary) }
    + [("help", "Shows the help of a command.")]

  /// The options that may come first.
  static let firstOptions = [("--help", "Shows the help."), ("--version", "Shows the version.")]

  /// The names of all options that are followed by a value.
  static var valued: [String] {
    let names = Command.Verb.allCases.flatMap { verb in
      verb.form.options.filter { $0.value != nil }.flatMap(\.names)
    }
    return Set(names).sorted()
  }

  /// The options of a command that can be written as they are.
  static func options(_ verb: Command.Verb) -> [CommandForm.Option] {
    (verb.form.options + [.help]).filter { $0 != .stage }
  }

  /// The values that are words, stages among them; nil for files and texts.
  static func words(_ values: CommandForm.Values, _ stages: [String]) -> [String]? {
    switch values {
    case .words(let words): words
    case .stage: stages
    case .text, .pipeline, .file, .folder: nil
    }
  }

  /// A text in single quotes, as the shells read it; fish has another way with quotes inside.
  static func quoted(_ text: String, quote: String = "'\\''") -> String {
    "'" + text.replacing("'", with: quote) + "'"
  }
}

/// For bash 4.4 and later, with or without the package bash-completion.
struct BashCompletions {
  let stages: [String]

  var script: String {
    let first = CompletionWords.first.map(\.word) + CompletionWords.firstOptions.map(\.0)
    let verbs = Command.Verb.allCases.map(\.rawValue).joined(separator: " ")
    return """
      # Completions of gossan for bash; made by 'gossan completions bash'.
      _gossan_files() {
        mapfile -t COMPREPLY < <(compgen "$@" -- "$cur")
        compopt -o filenames 2>/dev/null
      }
      _gossan_pipelines() {
        mapfile -t COMPREPLY < <(compgen -d -- "$cur"; compgen -f -X '!*.json5' -- "$cur")
        compopt -o filenames 2>/dev/null
      }
      _gossan() {
        local cur=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} option='' place=0 index word
        COMPREPLY=()
        if ((COMP_CWORD == 1)); then
          COMPREPLY=($(compgen -W '\(first.joined(separator: " "))' -- "$cur"))
          return
        fi
        # '--name=value' comes as three words; 'place' counts the words that are no options.
        for ((index = 2; index < COMP_CWORD; index++)); do
          word=${COMP_WORDS[index]}
          if [[ $word == '=' ]]; then
            [[ -n $option ]] || option=${COMP_WORDS[index - 1]}
          elif [[ -n $option ]]; then
            option=''
          else
            case $word in
              \(CompletionWords.valued.joined(separator: "|"))) option=$word ;;
              -*) ;;
              *) place=$((place + 1)) ;;
            esac
          fi
        done
        [[ $cur != '=' ]] || cur=''
        if [[ -z $option && $cur == -* ]]; then
          case $verb in
      \(lines(Command.Verb.allCases.map(options)))
          esac
          return
        fi
        case $verb:${option:-$place} in
      \(lines(Command.Verb.allCases.flatMap(values)))
          help:0) COMPREPLY=($(compgen -W '\(verbs)' -- "$cur")) ;;
        esac
      }
      complete -F _gossan gossan

      """
  }

  private func lines(_ cases: [String]) -> String {
    cases.map { "    " + $0 }.joined(separator: "\n")
  }

  private func options(_ verb: Command.Verb) -> String {
    let names = CompletionWords.options(verb).flatMap(\.names).joined(separator: " ")
    return "  \(verb.rawValue)) COMPREPLY=($(compgen -W '\(names)' -- \"$cur\")) ;;"
  }

  private func values(_ verb: Command.Verb) -> [String] {
    let form = verb.form
    return form.options.filter { $0.value != nil }.compactMap { option in
      action(option.values).map {
        option.names.map { "\(verb.rawValue):\($0)" }.joined(separator: "|") + ") \($0) ;;"
      }
    }
      + form.operands.enumerated().compactMap { place, operand in
        action(operand.values).map { "\(verb.rawValue):\(place)) \($0) ;;" }
      }
  }

  private func action(_ values: CommandForm.Values) -> String? {
    if let words = CompletionWords.words(values, stages) {
      return "COMPREPLY=($(compgen -W '\(words.joined(separator: " "))' -- \"$cur\"))"
    }
    switch values {
    case .pipeline: return "_gossan_pipelines"
    case .file: return "_gossan_files -f"
    case .folder: return "_gossan_files -d"
    case .text, .words, .stage: return nil
    }
  }
}

/// For zsh: a function that `compinit` finds as `_gossan`, or that is sourced.
struct ZshCompletions {
  let stages: [String]

  var script: String {
    let commands = CompletionWords.first.map { CompletionWords.quoted("\($0.word):\($0.summary)") }
    let options = CompletionWords.firstOptions.map { CompletionWords.quoted("\($0.0):\($0.1)") }
    let verbs = Command.Verb.allCases.map(\.rawValue).joined(separator: " ")
    return """
      #compdef gossan
      # Completions of gossan for zsh; made by 'gossan completions zsh'.
      _gossan() {
        local -a commands options
        if (( CURRENT == 2 )); then
          commands=(
            \(commands.joined(separator: "\n      "))
          )
          options=(\(options.joined(separator: " ")))
          if [[ $PREFIX == -* ]]; then
            _describe -t options option options
          else
            _describe -t commands command commands
          fi
          return
        fi
        shift words
        (( CURRENT-- ))
        case $words[1] in
      \(Command.Verb.allCases.map(arguments).joined(separator: "\n"))
          help) _arguments '1:COMMAND:(\(verbs))' ;;
        esac
      }
      if [[ $funcstack[1] == _gossan ]]; then
        _gossan "$@"
      else
        compdef _gossan gossan
      fi

      """
  }

  private func arguments(_ verb: Command.Verb) -> String {
    let operands = verb.form.operands.enumerated().map { place, operand in
      let mark = operand.isRequired ? ":" : "::"
      return CompletionWords.quoted(
        "\(place + 1)\(mark)\(operand.name):\(action(operand.values))")
    }
    let specs = CompletionWords.options(verb).flatMap(option) + operands
    return "    \(verb.rawValue))\n      _arguments \\\n        "
      + specs.joined(separator: " \\\n        ") + "\n      ;;"
  }

  private func option(_ option: CommandForm.Option) -> [String] {
    let summary = Self.escaped(option.summary)
    let value = option.value.map { ":\(Self.escaped($0)):\(action(option.values))" } ?? ""
    let others = option.names.count > 1 ? "(\(option.names.joined(separator: " ")))" : ""
    return option.names.map { name in
      let assigns = option.value == nil ? "" : "="
      return CompletionWords.quoted(
        (option.isRepeatable ? "*" : others) + "\(name)\(assigns)[\(summary)]\(value)")
    }
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("[", with: "\\[").replacing("]", with: "\\]")
      .replacing(":", with: "\\:")
  }

  private func action(_ values: CommandForm.Values) -> String {
    if let words = CompletionWords.words(values, stages) {
      return "(\(words.joined(separator: " ")))"
    }
    switch values {
    case .pipeline: return "_files -g \"*.json5\""
    case .file: return "_files"
    case .folder: return "_files -/"
    case .text, .words, .stage: return ""
    }
  }
}

/// For fish 3 and later.
struct FishCompletions {
  let stages: [String]

  var script: String {
    let first = CompletionWords.first.map {
      line("__gossan_at 0", "-a \($0.word)", $0.summary)
    }
    let options = CompletionWords.firstOptions.map {
      line("__gossan_at 0", "-l \($0.0.dropFirst(2))", $0.1)
    }
    let verbs = Command.Verb.allCases.map(\.rawValue).joined(separator: " ")
    return """
      # Completions of gossan for fish; made by 'gossan completions fish'.
      # Whether N words that are no options stand before the cursor, the first of them VERB.
      function __gossan_at -a wanted verb
          set -l words
          set -l is_value no
          for word in (commandline -opc)[2..-1]
              if test $is_value = yes
                  set is_value no
              else if contains -- $word \(CompletionWords.valued.joined(separator: " "))
                  set is_value yes
              else if not string match -q -- '-*' $word
                  set -a words $word
              end
          end
          test (count $words) -eq $wanted; or return 1
          test -z "$verb"; or test "$words[1]" = $verb
      end
      function __gossan_verb -a verb
          set -l words (commandline -opc)
          test (count $words) -ge 2; and test $words[2] = $verb
      end
      function __gossan_pipelines
          __fish_complete_suffix .json5 | string match -r '^[^\\t]*(?:/|\\.json5)(?:\\t.*)?$'
      end
      complete -c gossan -f
      \((first + options).joined(separator: "\n"))
      \(Command.Verb.allCases.flatMap(lines).joined(separator: "\n"))
      \(line("__gossan_at 1 help", "-a \(CompletionWords.quoted(verbs))", "Command"))

      """
  }

  private func line(_ condition: String, _ what: String, _ summary: String) -> String {
    let text = CompletionWords.quoted(summary, quote: "\\'")
    return "complete -c gossan -n '\(condition)' \(what) -d \(text)"
  }

  private func lines(_ verb: Command.Verb) -> [String] {
    let options = CompletionWords.options(verb).map { option in
      let names = option.names.map { name in
        name.hasPrefix("--") ? "-l \(name.dropFirst(2))" : "-s \(name.dropFirst())"
      }.joined(separator: " ")
      let value = option.value == nil ? "" : " -r" + action(option.values)
      return line("__gossan_verb \(verb.rawValue)", names + value, option.summary)
    }
    let operands = verb.form.operands.enumerated().map { place, operand in
      line(
        "__gossan_at \(place + 1) \(verb.rawValue)",
        "\(action(operand.values).dropFirst())", operand.name)
    }
    return options + operands
  }

  private func action(_ values: CommandForm.Values) -> String {
    if let words = CompletionWords.words(values, stages) {
      return " -f -a \(CompletionWords.quoted(words.joined(separator: " ")))"
    }
    switch values {
    case .pipeline: return " -f -k -a '(__gossan_pipelines)'"
    case .file: return " -F"
    case .folder: return " -f -a '(__fish_complete_directories)'"
    case .text, .words, .stage: return " -f"
    }
  }
}
