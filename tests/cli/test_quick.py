"""What needs no table imports none: help comes at once. (typer itself imports pydantic.)"""

import subprocess
import sys

SLOW = ("pandas", "numpy", "scipy", "yaml", "urllib3", "plotnine", "ibis", "duckdb", "jinja2", "rich")
LOOK = f"""
import sys
from evalkit import cli
sys.argv[1:] = {{arguments!r}}
try:
    cli.main()
except SystemExit:
    pass
print(*sorted(set({SLOW!r}) & sys.modules.keys()), file=sys.stderr)
"""


def test_help_imports_nothing_that_is_slow() -> None:
    for arguments in (["--help"], ["build", "--help"], ["data", "--help"]):
        done = subprocess.run([sys.executable, "-c", LOOK.format(arguments=arguments)], capture_output=True, text=True,
                              check=False)  # fmt: skip
        assert "Usage" in done.stdout
        assert done.stderr.strip() == ""


def test_a_run_does_without_scipy_stats(tmp_path) -> None:
    project = tmp_path / "project"
    subprocess.run([sys.executable, "-m", "evalkit", "init", str(project)], check=True, capture_output=True)
    code = LOOK.format(arguments=["run", "--all"])
    code = code.replace(repr(SLOW), repr(("scipy.stats", "plotnine", "statsmodels", "duckdb")))
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=False)
    assert list(project.glob("results/*/result.json"))
    assert done.stderr.strip() == ""
