"""The register of programmes: what it holds, word for word where it quotes, and how it is refused when it is wrong."""

import hashlib
import re
from collections import Counter
from pathlib import Path

import pytest

from evalkit.register import RegisterError, read_programmes, study_ids, unknown_studies
from tests.conftest import REPOSITORY

DESIGNS = {"D": "difference_in_differences", "S": "interrupted_time_series", "B": "before_after", "-": "none"}
TIERS = {"p": "primary", "s": "secondary", "t": "tertiary", "e": "enforcement"}
EXPECTED = """
tvp-op-deter-adults De ?;tvp-act-now Dt 2023-01,2023-03;wm-faith-alliance -p 2019;sx-vrp Dp 2019
sx-habitual-knife-carriers Dt ?;wy-ae-navigators-leeds Dt 2021;wy-ae-navigators-bradford Dt ?
wy-blosm-navigators Dt 2023-01;wy-navigators-mid-yorkshire Dt ?;dp-intact Ds ?;nn-vrp Dp ?
nn-youth-work-charter -p 2023-06;nn-youth-work-training Bp 2022;hi-violent-crime-taskforce De ?
hi-vct-night-time-economy Se ?;gm-vru Dp 2019;gm-oasis-navigators Dt ?;gm-salford-community-led Dp ?
gm-1message-mentoring Ds ?;gm-community-sport Sp ?;me-vrp Dp 2019;me-mentors-violence-prevention Dp ?
me-dwp-probation Dt ?;me-early-years Dp ?;sw-violence-prevention-team-cardiff Dt ?
sw-violence-prevention-team-swansea Dt 2021/22;hu-vpp Dp 2022;hu-in-your-corner Bs ?;hu-catzero Bt ?;la-vrn Dp 2019
la-ed-navigators Dt ?;la-champions-youth Ds ?;la-champions-adult Dt ?;la-trauma-training -p ?;nat-vru Dp 2019
nat-grip De ?;nat-svro De 2023-04;nat-serious-violence-duty Sp 2023-01;ma-safe-taskforce Ds 2022-03,2023-01,2023-09
ma-engage-panels Ds ?;ma-contextual-safeguarding Ss ?;ma-ap-taskforce Ds ?;ma-peace-together-alliance Dp ?
ma-yef-cheetham Dp ?;ma-complex-safeguarding-hub Dt ?;ma-sv-crime-hub Bs ?;ma-high-visibility-operations De ?
ma-youth-violence-panel Bt ?;tr-another-chance Dt ?;tr-yj-mentoring Ds ?;tr-steer Ds ?;tr-sports-mentoring Ds ?
tr-bespoke-fund Bs 2019;tr-vr-coordinator -p ?;tr-ppied Ds ?;tr-beyond-barriers -p ?;tr-exclusions-protocol Ds ?
tr-knife-retail Sp ?;tr-grants -p ?;ss-violence-reduction-team Se ?;ss-peer-mentoring Ds ?
ss-child-exploitation-support Dt ?;ss-navigator Dt ?;ss-target-hardening Dp ?;ss-education-resources Dp ?
ss-iom-extension Dt ?;ss-employment-scheme Dt ?;ss-safer-night-time-economy Sp ?;st-super-victim-coordinators Dt ?
st-da-perpetrator Dt ?;st-da-victims Bt ?;st-missing-from-home Ss ?;st-special-constables -e ?
st-town-centre-confidence Bp ?;st-asb-case-management Se ?;st-operation-bank -e ?
"""
"""Each programme of the documents: its id, strongest design and kind of work, printed starts."""
QUOTES = 55
QUOTED = "d184c4968d33cd024b9c8a028db69315aa897566a2e657fa16d609b33e35aaf3"
"""Hash of every quotation with its document, taken when each was found in its document word for word."""
SMALL = """\
evalkit: 1
documents:
  plan: {title: A plan, publisher: A borough, period: 2024}
programmes:
  patrols:
    name: Patrols
    area: Town
    document: plan
    place: page 1
    start: {}
    people: Everybody
    tier: enforcement
    design: before_after
    data_needed: [Counts]
    threats: [None known]
    status: primary
"""


@pytest.fixture
def written(tmp_path: Path):
    """Write a register with one change and return its project."""

    def write(old: str = "", new: str = "") -> Path:
        assert old in SMALL
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / "programmes.yaml").write_text(SMALL.replace(old, new, 1), encoding="utf-8")
        return tmp_path

    return write


def register():
    found = read_programmes(REPOSITORY)
    assert found is not None
    return found


def test_every_programme_of_the_documents_with_its_design_and_its_printed_starts():
    expected = dict(line.split(" ", 1) for line in re.split(r"[;\n]", EXPECTED.strip()))
    programmes = register().model.programmes
    assert len(expected) == 76
    assert list(programmes) == list(expected)
    for name, one in programmes.items():
        kind, dates = expected[name].split(" ")
        assert (one.design, one.tier) == (DESIGNS[kind[0]], TIERS[kind[1]]), name
        assert (",".join(phase.date for phase in one.start.dates) or "?") == dates, name


def test_how_fine_the_printed_starts_are():
    programmes = register().model.programmes.values()
    assert Counter(one.start.precision for one in programmes) == {"unknown": 59, "year": 11, "month": 6}
    assert Counter(one.document for one in programmes) == {
        "apcc-2023": 37, "trafford-2024": 11, "manchester-2022": 11, "staffordshire-2024": 9,
        "safer-trafford-2015": 8,
    }  # fmt: skip


def test_what_is_quoted_is_what_was_found_in_the_documents():
    quoted = sorted((one.start.printed_in or one.document, words)
                    for one in register().model.programmes.values() for words in one.start.printed)  # fmt: skip
    assert len(quoted) == QUOTES
    assert hashlib.sha256(repr(quoted).encode()).hexdigest() == QUOTED


def test_a_date_from_elsewhere_is_named_as_such_and_never_as_printed():
    for name, one in register().model.programmes.items():
        if one.start.elsewhere:
            assert one.start.elsewhere.status != "primary", name
            assert one.start.elsewhere.source, name
    assert "tvp-op-deter-adults" in register().model.programmes
    assert not register().model.programmes["tvp-op-deter-adults"].start.dates


def test_no_date_is_written_as_computers_write_it():
    text = (REPOSITORY / "data" / "programmes.yaml").read_text(encoding="utf-8")
    shown = re.sub(r"date: \"[\d/-]+\"", "", text)
    assert re.findall(r"\b\d{4}-\d{2}(?:-\d{2})?(?!\d)", shown) == []


def test_every_study_that_it_names_is_there():
    assert unknown_studies(register(), study_ids(REPOSITORY)) == []


def test_a_project_without_a_register(tmp_path):
    assert read_programmes(tmp_path) is None


def test_a_small_register_stands(written):
    found = read_programmes(written())
    assert found is not None
    assert found.model.programmes["patrols"].start.precision == "unknown"


@pytest.mark.parametrize(
    ("old", "new", "line", "says", "mend"),
    [
        ("    people:", "    peeple:", 11, "not a key here", "did you mean 'people'?"),
        ("    people: Everybody\n", "", 5, "is missing", "Whom it is for"),
        ("document: plan", "document: plans", 8, "'plans' is no document", "one of plan"),
        ("start: {}", "start: {printed: [Then], printed_in: other}", 10, "'other' is no document", "one of plan"),
        ("start: {}", "start: {dates: [{date: 2022-13}]}", 10, "'2022-13' is no date", "a month (2022-07)"),
        ("start: {}", "start: {dates: [{date: summer}]}", 10, "'summer' is no date", "a year"),
        ("start: {}", "start: {dates: [{date: 2022-02-30}]}", 10, "is no date", "a day (2022-07-01)"),
        ("design: before_after", "design: before_and_after", 13, "is not one of the choices", "before_after"),
        ("  patrols:", "  Patrols in town:", 5, "is no id", "small letters"),
        ("data_needed: [Counts]", "data_needed: []", 14, "", ""),
        ("status: primary", "status: !!python/name:os.system primary", 16, "is not data", "cannot run code"),
        ("evalkit: 1", "evalkit: 2", 1, "", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line_and_its_mend(written, old, new, line, says, mend):
    with pytest.raises(RegisterError) as caught:
        read_programmes(written(old, new))
    problem = caught.value.problems[0]
    assert problem.file == "data/programmes.yaml"
    assert problem.line == line
    assert says in problem.message
    assert mend in problem.mend


def test_all_faults_of_a_register_are_told_at_once(written):
    project = written()
    text = (
        SMALL.replace("tier: enforcement", "tier: police").replace("    area: Town\n", "").replace("place:", "plaice:")
    )
    (project / "data" / "programmes.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RegisterError) as caught:
        read_programmes(project)
    assert len(caught.value.problems) >= 3


@pytest.mark.parametrize("content", [b"\xff\xfe", b"- a list", b"", b"a: [", b"x" * 2_000_001])
def test_a_file_that_is_no_register(tmp_path, content):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "programmes.yaml").write_bytes(content)
    with pytest.raises(RegisterError):
        read_programmes(tmp_path)


@pytest.mark.parametrize(
    ("date", "precision"), [("2022", "year"), ('"2021/22"', "year"), ("2022-07", "month"), ("2022-07-01", "day")]
)
def test_precision_is_that_of_the_date(written, date, precision):
    found = read_programmes(written("start: {}", f"start: {{dates: [{{date: {date}}}]}}"))
    assert found is not None
    assert found.model.programmes["patrols"].start.precision == precision


def test_a_link_to_a_study_that_is_not_there(written):
    project = written("status: primary", "status: primary\n    studies: [patrols, patrol]")
    found = read_programmes(project)
    (project / "evaluations").mkdir()
    (project / "evaluations" / "patrols.yaml").write_text("evalkit: 1\n", encoding="utf-8")
    [problem] = unknown_studies(found, study_ids(project))
    assert (problem.line, problem.where) == (17, "programmes.patrols.studies.1")
    assert problem.message == "there is no evaluations/patrol.yaml"
    assert problem.mend == "did you mean 'patrols'?"
