"""Two releases of the same study: their difference gives no small number away."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evalkit.archive import to_text, write_whole
from evalkit.cli import app
from evalkit.disclosure import rule_of, small_changes
from evalkit.errors import DataError
from evalkit.flow import evaluate, require_apart
from evalkit.spec.loading import load_spec
from tests.disclosure.conftest import SERIES, Study

POLICE = rule_of({"profile": "police"})
assert POLICE is not None


def document(observed: list[float | None], total: float | None = None) -> dict[str, object]:
    path = [{"unit": "series", "period": f"2021-{at:02}", "observed": seen} for at, seen in enumerate(observed, 1)]
    return {"analyses": [{"id": "primary", "measure": {"kind": "count"}, "path": path, "n_post_periods": 1,
                          "fit": {"observed_total": total}}]}  # fmt: skip


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [([20], [20], ""), ([20], [30], ""), ([20], [22], "changed by so little"), ([None], [20], "was hidden"),
     ([20], [None], "was shown"), ([None], [None], "")],
)  # fmt: skip
def test_by_hand(then: list[float | None], now: list[float | None], words: str) -> None:
    found = small_changes(document(now), document(then), POLICE)
    assert [words in problem.message for problem in found] == ([True] if words else [])
    assert all("2021-01" in problem.where for problem in found)


def test_a_total_that_moved_little() -> None:
    (problem,) = small_changes(document([30], 103), document([30], 100), POLICE)
    assert "the total changed by so little" in problem.message
    assert small_changes(document([30], 110), document([30], 100), POLICE) == []


def test_a_run_beside_a_release_names_the_cell_and_can_be_mended(small_study: Study, project: Path) -> None:
    path = small_study(SERIES, "{profile: police}", small={})
    released = project / "reports" / "published" / "small.json"
    write_whole(released, to_text(evaluate(load_spec(path))))
    require_apart(load_spec(path), evaluate(load_spec(path)))
    small_study(SERIES, "{profile: police}", small={"2019-03": 36})  # 34 in the release
    with pytest.raises(DataError, match="series in 2019-03") as caught:
        require_apart(load_spec(path), evaluate(load_spec(path)))
    assert "also_hidden: [{group: series, period: '2019-03'}]" in caught.value.problems[0].mend
    more = "{profile: police, also_hidden: [{group: series, period: 2019-03}]}"
    small_study(SERIES, more, small={"2019-03": 36})
    found = evaluate(load_spec(path))
    hidden = {point.period for point in found.primary.result.path if point.observed is None}
    assert hidden == {"2019-03"}
    assert json.loads(to_text(found))["analyses"][0]["disclosure"]["hidden"][0]["why"] == "declared"


def quarterly(months: list[float | None], quarter: float | None) -> dict[str, object]:
    path = [{"unit": "series", "period": f"2021-{at:02}", "observed": seen} for at, seen in enumerate(months, 1)]
    drawn = [{"unit": "series", "period": "2021-Q1", "observed": quarter}]
    return {"analyses": [{"id": "primary", "measure": {"kind": "count"}, "frequency": "month", "path": path,
                          "n_post_periods": 1, "fit": {},
                          "disclosure": {"drawn_by": "quarter", "path": drawn}}]}  # fmt: skip


NONE: list[float | None] = [None, None, None]


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        (document([20, 21, None]), quarterly(NONE, 44), "together they give a month away"),  # 44 - 20 - 21 = 3
        (document([20, 21]), quarterly(NONE, 44), "together they give a month away"),  # a new month was added
        (document([20, 21, 22]), quarterly(NONE, 63), ""),
        (document([20, 21, 22]), quarterly(NONE, 66), "together they give a month away"),
        (document([20, 21, 22]), quarterly(NONE, 43), "together they give a month away"),  # 2 in place of 22
        (document([20, 21, 22]), quarterly(NONE, None), "together they give a month away"),
        (document([None, None, None]), quarterly(NONE, 44), ""),
        (quarterly(NONE, 44), document([20, 21, None]), "together they give a month away"),
        (quarterly(NONE, 44), document([20, 21, 30]), "together they give a month away"),
        (quarterly(NONE, 71), document([20, 21, 30]), ""),
        (quarterly(NONE, 44), quarterly(NONE, 46), "changed by so little"),
        (quarterly(NONE, None), quarterly(NONE, 46), "was hidden"),
        (quarterly(NONE, 46), quarterly(NONE, None), "was shown"),
        (quarterly(NONE, 46), quarterly(NONE, 46), ""),
    ],
)
def test_months_in_one_release_and_quarters_in_the_other(
    then: dict[str, object], now: dict[str, object], words: str
) -> None:
    found = small_changes(now, then, POLICE)
    assert [words in problem.message for problem in found] == ([True] if words else [])
    for problem in found:
        assert "series in 2021-Q1" in problem.where
        assert not any(number in problem.message for number in ("44", "46", "63", "66"))


def test_the_mend_of_a_quarter_names_its_first_month() -> None:
    (problem,) = small_changes(quarterly(NONE, 46), quarterly(NONE, 44), POLICE)
    assert "also_hidden: [{group: series, period: '2021-01'}]" in problem.mend


def test_a_study_that_goes_from_months_to_quarters_is_refused_and_nothing_is_written(
    small_study: Study, project: Path
) -> None:
    path = small_study(SERIES, "{profile: police}", small={})
    released = project / "reports" / "published" / "small.json"
    write_whole(released, to_text(evaluate(load_spec(path))))
    small_study(SERIES, "{profile: police}", small={"2021-05": 2})
    done = CliRunner().invoke(app, ["run", "small"])
    assert done.exit_code == 1
    assert "series in 2021-Q2" in " ".join(done.output.split())
    assert not (project / "results" / "small" / "result.json").exists()
    assert CliRunner().invoke(app, ["diff", "small"]).exit_code != 0  # there is no result to compare with
