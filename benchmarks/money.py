"""An appraisal of 100,000 draws, ten years and ten lines: time and peak memory. `python benchmarks/money.py` alone too.

Nothing else in Python appraises programmes, so there is nobody to race: the bounds are the project's own.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

MOST_MILLISECONDS = 200.0
MOST_MEMORY = 200.0
YEARS = [f"20{year}-{year + 1}" for year in range(20, 30)]
RANGES: list[dict[str, Any]] = [
    {"shape": "pert", "low": 0.8, "high": 1.4}, {"shape": "triangular", "low": 0.7, "high": 1.5},
    {"shape": "gamma", "standard_deviation": 0.2}, {"shape": "lognormal", "standard_deviation": 0.2},
]  # fmt: skip


def block() -> Any:
    """Return five costs over ten years and five benefits, each with a range."""
    from evalkit.appraisal import Economics

    stated = {"price_year": "2021-22", "source": "Made up"}
    ranges = [{**RANGES[place % 4], "source": "Made up"} for place in range(10)]
    return Economics.model_validate({
        "price_base": "2024-25", "base_year": "2020-21", "draws": 100_000,
        "costs": [{"item": f"cost {k}", "payer": "NHS", "amounts": dict.fromkeys(YEARS, 1000.0 * (k + 1)),
                   "uncertainty": ranges[k], **stated} for k in range(5)],
        "benefits": [{"item": f"benefit {k}", "value": 100.0 * (k + 1), "gainer": "NHS", "value_type": "fiscal",
                      "uncertainty": ranges[5 + k], **stated} for k in range(5)],
    })  # fmt: skip


def effect() -> Any:
    """Return 200 units averted, spread evenly over ten years."""
    from evalkit.appraisal import AppraisedEffect
    from evalkit.records import Estimate

    averted = Estimate.from_standard_error(200.0, 20.0, unit="people")
    return AppraisedEffect(averted, averted_by_year=dict.fromkeys(YEARS, 0.1))


def milliseconds(runs: int = 15) -> float:
    """Return the median time of an appraisal, the first run not counted."""
    from evalkit.appraisal import appraise

    economics, averted, taken = block(), effect(), []
    for _ in range(runs + 1):
        start = time.perf_counter()
        appraise(economics, averted)
        taken.append(1000.0 * (time.perf_counter() - start))
    return statistics.median(taken[1:])


def memory() -> float:
    """Return the peak memory in megabytes of a process that does nothing but this appraisal."""
    own = f"import sys; sys.path.insert(0, {str(Path(__file__).resolve().parent)!r}); import money, panels; "
    code = own + "from evalkit.appraisal import appraise; appraise(money.block(), money.effect()); print(panels.peak())"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(done.stdout)


def race() -> tuple[dict[str, float], bool]:
    """Print time and memory with their bounds; return them, and whether both are kept."""
    took, peak = milliseconds(), memory()
    for name, value, unit, bound in (("appraisal, 100,000 draws, 10 years, 10 lines", took, "ms", MOST_MILLISECONDS),
                                     ("peak memory of that appraisal", peak, "MB", MOST_MEMORY)):  # fmt: skip
        print(f"{name:<56}{value:9.0f} {unit}  bound {bound:g} {unit}: {'kept' if value <= bound else 'NOT KEPT'}")
    return {"appraisal, ms": took, "appraisal, MB": peak}, took <= MOST_MILLISECONDS and peak <= MOST_MEMORY


if __name__ == "__main__":
    sys.exit(int(not race()[1]))
