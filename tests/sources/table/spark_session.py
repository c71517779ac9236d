"""One session of Spark, in the process that `test_spark` starts: it is not collected by itself."""

import pandas
import pytest

from evalkit.sources import Folders
from tests.sources.table.conftest import either, panel_of, same
from tests.sources.table.test_same_panel import COUNTED, START, STUDIES


@pytest.mark.usefixtures("as_files")
def test_one_line_changes_and_the_panel_stays(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALKIT_CONNECTION_CLUSTER", "spark://local[2]")
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    for name, ending in (("weeks", "parquet"), ("both filters", "parquet"), ("sum of fractions", "parquet"),
                         ("rows counted", "csv")):  # fmt: skip
        data, outcome = STUDIES[name]
        shared = {"path": f"data/incidents.{ending}", "unit": "area", "period": "day", **data}
        plain = panel_of(folders, {"source": ending, **shared}, outcome, START)
        same(panel_of(folders, {"source": "table", "connection": "cluster", **shared}, outcome, START), plain)
    moments = pandas.Series(pandas.date_range("1968-12-30 23:59", periods=3000, freq="17h"))
    rows = pandas.DataFrame({"area": ["A", "B"] * 1500, "at": moments.dt.strftime("%Y-%m-%d %H:%M:%S")})
    rows.to_csv("data/text.csv", index=False)
    text = {"path": "data/text.csv", "unit": "area", "period": "at"}
    plain = panel_of(folders, {"source": "csv", **text}, COUNTED, None)
    same(panel_of(folders, {"source": "table", "connection": "cluster", **text}, COUNTED, None), plain)
    missing = {"source": "table", "connection": "cluster", "table": "nowhere", "unit": "area", "period": "day"}
    assert "there is no table 'nowhere'" in str(either(lambda: panel_of(folders, missing, COUNTED, START)))
