"""Studies side by side: each interval under its own level, doubts not hidden, what they share said."""

import dataclasses

import demo
from test_index_pages import _words, other_state, with_result

from evalkit.records import Coverage, DataInput, Diagnostic, UnitCoverage
from evalkit.report.site import compare, overlap


def test_a_level_has_at_most_one_decimal():
    third = [with_result(study, effect=dataclasses.replace(study.primary.result.effect, level=1 - 0.05 / 3))
             for study in (demo.castle(), other_state())]  # fmt: skip
    [shared] = compare.shared_outcomes(third)
    figure = compare.forest(shared.studies, "x", _words())
    assert figure.table[0][2] == "98.3% interval"
    assert "Lines: 98.3% interval." in figure.subtitle
    [one, other] = shared.studies
    unlike = dataclasses.replace(other, analysis=demo.castle().primary)
    mixed = compare.forest([one, unlike], "x", _words())
    assert "98.3333" not in mixed.subtitle + mixed.alt_description + str(mixed.table)
    assert mixed.table[1][0].endswith(": 98.3% interval")


def test_key_checks_do_not_hide_what_the_others_say():
    words = _words()
    key = Diagnostic("steady", "Steady.", "no sign against", "It was.", key=True)
    doubt = Diagnostic("alike", "Alike.", "sign against", "The interval is not to be relied on.")

    def cell(*checks):
        study = with_result(demo.castle(), diagnostics=checks)
        return compare._checks(compare._compared(study, study.primary), words)

    assert cell(key) == "No sign against"
    assert cell(key, doubt) == "No sign against. Of the other checks, 1 with a sign against"
    assert cell(doubt) == "Not run. Of the other checks, 1 with a sign against"


def test_studies_of_the_same_data_or_places_are_told():
    data = (DataInput("a.csv", "f" * 64, 10),)
    units = tuple(
        UnitCoverage(name, "2020-01", "ccc", start) for name, start in (("A", "2020-02"), ("B", ""), ("", ""))
    )

    def study(evaluation, **provenance):
        return dataclasses.replace(evaluation, provenance=dataclasses.replace(demo.castle().provenance, **provenance),
                                   coverage=Coverage("month", units))  # fmt: skip

    first, same = study(demo.castle(), data=data), study(other_state(), data=data)
    pairs = [(one, one.primary) for one in (first, same)]
    [rests, places] = overlap.overlaps(pairs)
    assert rests.endswith("rest on the same data. Neither confirms the other.")
    assert "“Another state law”" in rests
    assert places.endswith("have 2 places of the same names, 1 of them with the programme in each.")
    apart = dataclasses.replace(study(other_state(), data=(DataInput("a.csv", "e" * 64, 10),)), coverage=None)
    assert overlap.overlaps([pairs[0], (apart, apart.primary)]) == []
    assert overlap.overlaps([(dataclasses.replace(one, provenance=None, coverage=None), a) for one, a in pairs]) == []
