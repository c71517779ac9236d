"""Which cells changed, and the words for it."""

from typing import Any

import pandas
import pytest

from evalkit.history.cells import of_panels, of_paths, told
from evalkit.history.rows import from_bytes, to_bytes
from evalkit.periods import as_pandas, parse_period
from evalkit.records import Measure, Panel

OUTCOME = Measure("incidents", "Incidents", kind="count")


def panel(values: dict[tuple[str, str], float], exposure: float = 1.0, **more: Any) -> Panel:
    frame = pandas.DataFrame([{"unit": unit, "time": parse_period(period, "month"), "value": value}
                              for (unit, period), value in values.items()])  # fmt: skip
    frame = frame.assign(exposure=exposure, first_time=float("nan"), weight=1.0, cluster=frame["unit"])
    frame["period"] = as_pandas(frame["time"], "month")
    frame["first_treated"] = pandas.NaT
    return Panel(frame, OUTCOME, "month", **more)


THEN = {(place, f"2023-{month:02}"): 40.0 + month for place in ("Northside", "Southside") for month in range(1, 5)}


def test_nothing_changed() -> None:
    found = of_panels(panel(THEN), panel(THEN))
    assert found is not None
    assert found.nothing
    assert told(found) == "no cell that is used differs"


def test_revised_withdrawn_added_and_whole_months() -> None:
    now = THEN | {("Northside", "2023-01"): 44.0} | {(place, "2023-05"): 50.0 for place in ("Northside", "Southside")}
    del now["Southside", "2023-02"]
    found = of_panels(panel(THEN), panel(now))
    assert found is not None
    assert told(found) == ("1 cell revised (Northside 2023-01: 41 -> 44), 1 cell withdrawn (Southside 2023-02: 42), "
                           "1 month added (2023-05)")  # fmt: skip
    assert told(found, arrow=" → ", plain=False).startswith("1 cell revised (Northside January 2023: 41 → 44)")


def test_places_and_stretches_of_months() -> None:
    now = {key: value for key, value in THEN.items() if key[0] == "Northside"}
    now |= {("Northside", f"2023-{month:02}"): 1.0 for month in (5, 6, 7, 9)}
    now |= {("Westside", "2023-01"): 3.0}
    found = of_panels(panel(THEN), panel(now))
    assert found is not None
    assert told(found) == ("4 months added (2023-05 to 2023-07, 2023-09), 1 place added (Westside), "
                           "1 place withdrawn (Southside)")  # fmt: skip


def test_ten_are_named_and_the_rest_counted() -> None:
    many = {(place, f"2023-{month:02}"): float(month) for place in ("A", "B") for month in range(1, 13)}
    found = of_panels(panel(many), panel({key: value + 1 for key, value in many.items()}))
    assert found is not None
    assert found.revised == 24
    assert len(found.named) == 10
    assert "A 2023-01: 1 -> 2" in told(found)
    assert told(found).endswith("and 14 more)")


def test_another_exposure_is_no_revised_cell() -> None:
    found = of_panels(panel(THEN), panel(THEN, exposure=2.0))
    assert found is not None
    assert told(found) == "8 cells with another exposure, weight or covariate"


def test_names_without_numbers() -> None:
    def analysis(observed: float) -> dict[str, Any]:
        return {"frequency": "month", "path": [{"unit": "series", "period": "2023-01", "observed": observed}]}

    found = of_paths(analysis(20), analysis(30), numbers=False)
    assert found is not None
    assert told(found) == "1 cell revised (series 2023-01)"
    assert found.named[0].before is None


def test_rows_are_kept_to_the_last_digit() -> None:
    values = {('Aberystwyth, ŵ "quoted"\n', "2023-01"): 0.1 + 0.2, ("", "2023-02"): 1e-17, ("NA", "2023-01"): 3.0}
    whole = panel(values, exposure=1 / 3, bounded=frozenset({("", 636)}), neighbours=(("", "NA"),),
                  gaps=((3, "why", None),))  # fmt: skip
    content = to_bytes(whole, "key")
    assert content == to_bytes(whole, "key")
    back = from_bytes(content, "key")
    assert back is not None
    pandas.testing.assert_frame_equal(back.frame[["unit", "time", "value", "exposure", "weight", "first_time"]],
                                      whole.frame[["unit", "time", "value", "exposure", "weight", "first_time"]],
                                      check_dtype=False, check_exact=True)  # fmt: skip
    assert (back.bounded, back.neighbours, back.gaps, back.outcome) == (
        whole.bounded, whole.neighbours, whole.gaps, whole.outcome)  # fmt: skip


@pytest.mark.parametrize("harm", [lambda c: c[: len(c) // 2], lambda c: b"", lambda c: b"not compressed",
                                  lambda c: c[:-6] + b"\0\0\0\0\0\0"])  # fmt: skip
def test_damaged_rows_are_not_believed(harm: Any) -> None:
    assert from_bytes(harm(to_bytes(panel(THEN), "key")), "key") is None


def test_rows_of_another_run_are_not_believed() -> None:
    assert from_bytes(to_bytes(panel(THEN), "key"), "another") is None
