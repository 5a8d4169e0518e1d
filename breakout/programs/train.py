"""The command `breakout train`, which trains and evaluates a model; with `dry_run=true` it only prints its plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.coverage import coverage_warnings
from breakout.experiment.plan import RunPlan, open_plan
from breakout.experiment.windows import check_rows, parts_of, played_folds
from breakout.features.distributions import check_drift
from breakout.report.terminal.bars import progress_line
from breakout.report.terminal.plans import print_folds, print_plan, print_priced_plan, print_warnings
from breakout.report.terminal.runs import print_run
from breakout.settings.composition import given_overrides
from breakout.tracking.tracker import registering
from breakout.training import train
from breakout.warehouse.cost import Priced

if TYPE_CHECKING:
    from breakout.settings import ExperimentConfig


def run(config: ExperimentConfig) -> int:
    """Train, evaluate and write a run, or with `dry_run` only print the plan; return the exit code.

    - GateError if features drifted and `distributions.fail_on_drift` is true. The run folder is then complete.
    - ConfigurationError if the features, the dates or the model cannot be used.
    - DataError if the data cannot be used, if a file cannot be written, or if the run cannot be registered with its
      tracker (such as BigQuery or MLflow).
    """
    # `given_overrides` returns the overrides of the last composed settings. It is called before the run, because the
    # run's report composes other settings.
    overrides = given_overrides()
    with registering(config.tracking) as started:
        with open_plan(config) as plan:
            if config.dry_run:
                print_plan_of(plan)
                return 0
            with progress_line("train"):
                run = train(plan, started=started)
        print_run(run.folder, run.metrics, run.distributions, overrides)
        check_drift(config.distributions, run.distributions, run.folder)
    return 0


def print_plan_of(plan: RunPlan) -> None:
    """Check the rows as a run would before its fit, and print the plan of the run.

    If reading rows costs money, the costs are printed instead of the numbers of rows, and no rows are checked. For a
    walk forward, the only check is that at least one fold has games.

    DataError if a check fails, or if the warehouse cannot be read. ConfigurationError if a feature needs a table that
    is not configured.
    """
    if isinstance(plan.warehouse, Priced):
        costs = {part: plan.estimate(window) for part, window in plan.ranges().items()}
        print_priced_plan(plan, {part: cost for part, cost in costs.items() if cost is not None})
        return
    if plan.folds:
        span = plan.build_span()
        print_folds(plan, played_folds(plan, span), span)
        print_warnings(plan.source_warnings() + coverage_warnings({"walk-forward": span}))
        return
    train_rows, evaluation_rows = plan.build_train(), plan.build_evaluation()
    check_rows(plan, train_rows, evaluation_rows)
    print_plan(plan, train_rows, evaluation_rows)
    print_warnings(plan.source_warnings() + coverage_warnings(parts_of(train_rows, evaluation_rows)))
