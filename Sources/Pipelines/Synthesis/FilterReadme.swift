import Foundation
import Reports

/// What stands beside the files of the synthetic filter: how they were made.
///
/// Its numbers are those of the generator, so that it cannot say anything else.
struct FilterReadme {
  let seed: UInt64
  let cells: Int

  var text: String {
    """
    A synthetic filter with aged plastic particles, made by

        gossan synthesize filter DIR --seed \(seed) --cells \(cells)

    Nothing in it was measured: it exists because its truth is known. Coordinates are micrometres.

    spectra.tif     \(FilterScene.wavenumbers.count) bands of absorbance from \
    \(number(FilterScene.wavenumbers.first)) to \(number(FilterScene.wavenumbers.last)) cm-1, cells of 25 um
    photograph.tif  red, green, blue, cells of 5 um
    marks.tif       where the marks of each process are on the photograph, a band for each
    particles.csv   the particles that one process aged, at the centres of their cells: the process,
                    1 for each that aged it, what shows of each on the surface and in the spectrum, and
                    the probability of each for who knows that
    mixtures.csv    the particles that two processes aged, about one in \(oneIn)
    samples.csv     the particles of one process as a laboratory has them: a row for each, with its
                    spectrum, its image in images/, and the block of the filter that it comes from

    Each square of \(AgedParticle.spacing) x \(AgedParticle.spacing) cells of the spectra holds one particle. \
    A process shows in two places:

    \(SceneTable.lines(["process", "marks on the surface", "absorption", "window in cm-1"], processes))

    The windows hold \(FilterScene.windowBands.count) of the \(FilterScene.wavenumbers.count) bands, a share of \
    \(number(Double(FilterScene.windowBands.count) / Double(FilterScene.wavenumbers.count))).
    Marks fill a patch of \(AgedParticle.markSide) x \(AgedParticle.markSide) cells of the photograph, up to 3 \
    cells off the centre. A particle shows a process

    \(SceneTable.lines(["", "nowhere", "spectrum only", "surface only", "both"], shares))

    so that it matters whether surface and spectrum agree. Of particles of one process the best decision
    gets right, by enumeration of all that can show, if it sees it without fail:

    \(SceneTable.lines(["what is looked at", "accuracy"], accuracies))

    Spectra also have peaks of three polymers in random shares, a curved baseline, and absorptions at
    \(others) cm-1, each in half of the particles, as high
    as those of ageing and without meaning; noise \(FilterScene.noise.spectrum). Photographs have colours, specks and
    light without meaning; noise \(FilterScene.noise.photograph) of 255.

    Public domain (CC0 1.0).

    """
  }

  private func number(_ value: Double?) -> String {
    NumberText.short(value ?? .nan, significant: 4)
  }

  private var oneIn: String { number(1 / AgedParticle.mixedShare) }

  private var others: String {
    AgedParticle.otherPeaks.map { number($0) }.joined(separator: ", ")
  }

  private var processes: [[String]] {
    AgeingProcess.allCases.map { process in
      let absorption = process.absorption
      return [
        process.name, process.marks, "\(absorption.group), \(number(absorption.peak))",
        "\(number(absorption.window.lowerBound)) to \(number(absorption.window.upperBound))",
      ]
    }
  }

  private var shares: [[String]] {
    [("that aged it", AgeingProcess.ownShares), ("that did not", AgeingProcess.otherShares)].map {
      [$0.0] + $0.1.map { number($0) }
    }
  }

  private var accuracies: [[String]] {
    AgeingProcess.Sight.allCases.map {
      [$0.rawValue, number(AgeingProcess.bestAccuracy($0))]
    }
  }
}
