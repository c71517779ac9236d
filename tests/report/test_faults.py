"""One study's bad sentence costs that study its page, and no other."""

from dataclasses import replace

import demo
import demo_comparisons
import pytest

from evalkit import archive, releases, report

STUDY_FILE = "evalkit: 1\ntitle: T\nnarrative:\n  next: see @fig-nothing\n"


def faulty(text: str = "See @fig-nothing."):
    return demo.portsmouth(study={**demo.portsmouth().study, "narrative": {"next": text}})


@pytest.mark.parametrize(("text", "words"), [
    ("See @fig-nothing.", "@fig-nothing is not on this page; it has @fig-headline"),
    ("{{< include nobody.md >}}", "nobody.md does not exist"),
    ("{{< include ../secret.md >}}", "outside the project"),
])  # fmt: skip
def test_the_others_are_written_and_the_fault_is_returned(tmp_path, text, words):
    (tmp_path / "evaluations").mkdir()
    (tmp_path / "evaluations" / "portsmouth-robberies.yaml").write_text(STUDY_FILE)
    report.write_sources([demo.portsmouth(), demo.castle()], tmp_path)
    made = report.write_sources([faulty(text), demo.castle()], tmp_path, [("other", "no data")])
    assert [path.stem for path in made.documents] == ["index", "castle-doctrine"]
    assert not list((tmp_path / "studies").glob("portsmouth*"))
    [fault] = made.faults
    [problem] = fault.problems
    assert fault.id == "portsmouth-robberies"
    assert words in problem.sentence()
    assert (problem.where, problem.line) == ("narrative.next", 4)
    assert problem.file.endswith("portsmouth-robberies.yaml")
    index = (tmp_path / "index.qmd").read_text(encoding="utf-8")
    assert "portsmouth\\-robberies\n:   narrative\\.next" in index
    assert "study-portsmouth-robberies" not in index
    assert "study-castle-doctrine" in index
    assert "no data" in index


def test_site_of_a_study_with_a_fault_and_after_its_mending(tmp_path):
    results, site = tmp_path / "results", tmp_path / "_site"

    def made(*evaluations):
        for evaluation in evaluations:
            archive.write_result(evaluation, results)
        ids = ["castle-doctrine", "portsmouth-robberies"]
        return releases.make_site(tmp_path, results, site, engine="bundled", ids=ids)

    good = made(demo.portsmouth(), demo.castle())
    assert good.faults == ()
    assert made().written == ()
    bad = made(faulty())
    assert "@fig-nothing" in bad.faults[0].message
    assert bad.written == ("index",)
    assert not (site / "studies" / "portsmouth-robberies.html").exists()
    assert (site / "studies" / "castle-doctrine.html").is_file()
    assert "@fig-nothing" in (site / "index.html").read_text(encoding="utf-8")
    assert made().faults == bad.faults
    mended = made(demo.portsmouth())
    assert mended.faults == ()
    assert set(mended.written) == {"portsmouth-robberies", "index"}
    assert "@fig-nothing" not in (site / "index.html").read_text(encoding="utf-8")


def test_a_fault_of_ours_in_one_page_leaves_the_others(tmp_path, monkeypatch):
    """Averages that nobody can draw: a row without a value, which no design gives."""
    broken = demo_comparisons.staggered()
    primary = broken.primary
    averages = {**primary.result.aggregations, "group": {"by": [{"label": "2012"}, {"label": "2014"}]}}
    broken = replace(broken, analyses=(replace(primary, result=replace(primary.result, aggregations=averages)),))
    made = report.write_sources([broken, demo.castle()], tmp_path)
    assert [path.stem for path in made.documents] == ["index", "castle-doctrine"]
    [fault] = made.faults
    assert fault.id == broken.id
    assert fault.message.startswith("its page could not be made: KeyError: 'value'")
    assert "run again with --debug" in fault.message
    monkeypatch.setenv("EVALKIT_DEBUG", "1")
    with pytest.raises(KeyError):
        report.write_sources([broken, demo.castle()], tmp_path)


def broken_for_all(**changes):
    """A study that neither its own page nor the list of studies can show: its outcome has no label."""
    base = demo.portsmouth(**changes)
    nameless = replace(base.primary.outcome, label=None)
    return replace(base, analyses=(replace(base.primary, outcome=nameless), *base.analyses[1:]))


def test_a_fault_that_the_list_of_studies_meets_too_leaves_the_others(tmp_path):
    made = report.write_sources([broken_for_all(), demo.castle()], tmp_path)
    assert [path.stem for path in made.documents] == ["index", "castle-doctrine"]
    assert [fault.id for fault in made.faults] == ["portsmouth-robberies"]
    index = (tmp_path / "index.qmd").read_text(encoding="utf-8")
    assert "study-castle-doctrine" in index
    assert "its page could not be made" in index


@pytest.mark.parametrize("content", ["{", "another"])
def test_a_result_that_cannot_be_read_costs_its_own_page_alone(tmp_path, content):
    folder = tmp_path / "results"
    stored = [archive.Stored(archive.write_result(each, folder)) for each in (demo.portsmouth(), demo.castle())]
    assert report.write_sources(stored, tmp_path).faults == ()
    spoilt = stored[0].path
    spoilt.write_text(archive.to_text(demo.seat_belts()) if content == "another" else content, encoding="utf-8")
    made = report.write_sources([archive.Stored(each.path) for each in stored], tmp_path)
    assert [path.stem for path in made.documents] == ["index", "castle-doctrine"]
    assert not (tmp_path / "studies" / "portsmouth-robberies.qmd").exists()
    [fault] = made.faults
    assert ("holds the result of" if content == "another" else "is damaged") in fault.message


def test_downloads_and_style_that_were_lost_or_changed_are_put_back(tmp_path):
    results, site = tmp_path / "results", tmp_path / "_site"
    archive.write_result(demo.portsmouth(), results)

    def made():
        return releases.make_site(tmp_path, results, site, engine="bundled", ids=["portsmouth-robberies"])

    made()
    folder = site / "studies" / "portsmouth-robberies"
    kept = {path: path.read_bytes() for path in (site / "style.css", *sorted(folder.iterdir()))}
    (site / "style.css").unlink()
    (folder / "result.json").unlink()
    (folder / "headline.csv").write_text("999,broken")
    made()
    assert {path: path.read_bytes() for path in kept} == kept
    for name in ("headline.csv", "result.json"):  # lost in the project too, where pages are written before
        (tmp_path / "studies" / "portsmouth-robberies" / name).unlink()
        (folder / name).unlink()
    made()
    assert {path: path.read_bytes() for path in kept} == kept
