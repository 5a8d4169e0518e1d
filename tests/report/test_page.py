"""A run's page shows what is in its files."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from breakout import settings
from breakout.artifacts import load_json
from breakout.cli import main
from breakout.evaluation.run_metrics import read_metrics
from breakout.report.html.pages import render_run, write_run_page
from breakout.report.terminal.runs import print_metrics
from breakout.runs.record import read_run
from breakout.settings.composition import compose
from tests.report.conftest import QUICK, Reported, command, newest


@pytest.fixture(scope="module")
def html(reported: Reported) -> str:
    return (reported["evaluated"] / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def metrics(reported: Reported) -> Any:
    return load_json(reported["evaluated"] / "metrics.json")


def test_the_verdict_is_shown_with_its_interval_and_its_games(html: str, metrics: Any) -> None:
    verdict = metrics["evaluation"]["verdict"]
    assert verdict["level"] in html
    assert f"{verdict['auc']['low']:.3f} to {verdict['auc']['high']:.3f}" in html
    assert f"{verdict['n_rows']:,} games" in html


def test_metrics_are_shown_beside_baselines(html: str, metrics: Any) -> None:
    for part in (metrics["evaluation"], *metrics["evaluation"]["baselines"].values()):
        assert f"{part['metrics']['log_loss']['estimate']:.3f}" in html
    assert "logistic regression" in html
    assert "base rate" in html


def test_every_bin_of_the_reliability_is_shown_with_its_games(html: str, metrics: Any) -> None:
    table = html[html.index("Bins of equal mass</span>") :].partition("</table>")[0]
    bins = metrics["evaluation"]["reliability"]
    assert table.count('<th scope="row"') == len(bins) == 10
    assert all(f"{part['breakout_rate']['low']:.3f} to {part['breakout_rate']['high']:.3f}" in table for part in bins)


def test_games_ranked_highest_and_missed_breakouts_are_listed_by_player(html: str, reported: Reported) -> None:
    rows = read_run(reported["evaluated"]).predictions().query("split == 'evaluation'")
    highest, missed = (re.findall("<th[^>]*>([^<]+)</th><td[^>]*>([^<]+)</td>", part) for part in named_games(html))
    ranked = rows.sort_values(["probability", "game_date", "player_lookup"], ascending=[False, True, True])
    assert [player for _, player in highest] == list(ranked["player_lookup"])[:15]
    breakouts = ranked[ranked["is_breakout"] == 1]["player_lookup"]
    assert [player for _, player in missed] == list(breakouts)[:-16:-1]
    assert int(missed[0][0]) == len(rows) - list(ranked["is_breakout"])[::-1].index(1)


def named_games(html: str) -> list[str]:
    """Return the bodies of the two tables of games by player."""
    section = html[html.index('<h2 id="games">') :].partition("</section>")[0]
    return re.findall("<tbody>(.*?)</tbody>", section, re.DOTALL)


def test_forced_calibration_is_shown(html: str) -> None:
    assert "weighted classes distort probabilities" in html
    assert "evaluation, before" in html


def test_seeds_features_that_add_nothing_and_the_card_are_shown(html: str, metrics: Any) -> None:
    assert "The same settings fitted with 2 seeds (42, 43)." in html
    assert all(f"{part['mean']:.4f}" in html for part in metrics["stability"]["metrics"].values())
    assert metrics["features_that_add_nothing"]
    assert "Shuffling these features costs nothing measurable on these games" in html
    assert "A probability is not a bet" in html


def test_the_page_names_nothing_outside_itself(html: str) -> None:
    outside = set(re.findall(r"(?:src|href)=\"(?!#)([^\"]+)\"", html))
    assert outside == {"data:,"}
    assert re.findall(r"https?://[^\s\"')<]+", html) == []


def test_the_command_on_the_page_asks_for_the_same_run(reported: Reported, html: str) -> None:
    import html as escapes

    shown = re.findall(r"<pre><code>(breakout train .+?)</code></pre>", html)
    words = shlex.split(escapes.unescape(shown[0]))[2:]
    saved = settings.load_file(reported["evaluated"] / "settings.yaml", settings.ExperimentConfig)
    assert compose("train", words) == saved


def test_one_class_alone_has_no_auc_and_the_page_says_so(reported: Reported) -> None:
    page = (reported["one_class"] / "report.html").read_text(encoding="utf-8")
    text = (reported["one_class"] / "metrics.json").read_text(encoding="utf-8")
    assert load_json(reported["one_class"] / "metrics.json")["evaluation"]["metrics"]["auc"]["estimate"] is None
    assert "NaN" not in text
    assert "AUC is undefined on 62 games of 1 date, which hold one class only" in page
    assert "there is no ROC, precision-recall or lift curve" in page
    assert "One date alone cannot tell which features add nothing" in page
    assert 'data-chart="roc"' not in page
    assert "nan" not in re.sub(r"<script>.*</script>|<style>.*</style>", "", page, flags=re.DOTALL).lower().split()


def test_a_walk_forward_is_cut_by_weeks_since_each_fold_s_own_training(reported: Reported) -> None:
    evaluation = load_json(reported["walked_forward"] / "metrics.json")["evaluation"]
    weeks = {part["label"]: part["n_rows"] for part in evaluation["staleness"]}
    assert list(weeks) == ["week 1", "week 2", "week 3", "week 4", "weeks 5-8"]
    assert sum(weeks.values()) == evaluation["rows"]["n_rows"]
    assert weeks["weeks 5-8"] < weeks["week 4"], "a month has three days of a fifth week at most"
    page = (reported["walked_forward"] / "report.html").read_text(encoding="utf-8")
    assert "By weeks since training" in page


def test_importance_and_reliability_of_a_walk_forward_are_of_all_folds_games(reported: Reported) -> None:
    metrics = load_json(reported["walked_forward"] / "metrics.json")
    games = metrics["evaluation"]["rows"]["n_rows"]
    assert games > metrics["folds"][-1]["rows"]
    assert metrics["permutation_importance"]["n_rows"] == games
    for bins in (metrics["evaluation"]["reliability"], metrics["calibration"]["reliability_before"]):
        assert sum(part["count"] for part in bins) == games
    assert metrics["shap"]["n_rows"] == 100


def test_the_fit_and_the_choice_of_its_threshold_are_shown(html: str, metrics: Any) -> None:
    assert f"trees {metrics['model']['trees']:g}" in html
    assert metrics["evaluation"]["chosen_threshold"] is None
    assert "no threshold reached the target precision" in html


def test_a_page_can_be_left_out_and_a_second_run_of_the_name_shows_what_changed(tmp_path: Path) -> None:
    place = (f"paths.outputs={tmp_path}", "debug=tiny", "name=again", *QUICK)
    command("train", *place, "write_report=false")
    first = newest(tmp_path, "again")
    assert not (first / "report.html").exists()
    assert write_run_page(first).is_file()
    command("train", *place, "model.depth=3")
    page = (newest(tmp_path, "again") / "report.html").read_text(encoding="utf-8")
    shown = page[page.index("What differs from it") : page.index("All settings")]
    assert "model." in shown
    assert "depth" in shown
    assert "iterations" not in shown


def test_the_first_run_of_a_name_says_so(html: str) -> None:
    assert "This is the first completed run named evaluated." in html


def test_writing_a_page_again_gives_the_same_page(reported: Reported) -> None:
    path = reported["evaluated"] / "report.html"
    before = path.read_bytes()
    assert main(["report", str(reported["evaluated"])]) == 0
    assert path.read_bytes() == before


def test_a_model_with_one_probability_for_every_game_has_a_page(tmp_path: Path) -> None:
    command("train", f"paths.outputs={tmp_path}", "debug=tiny", "model=base_rate", *QUICK)
    assert list(tmp_path.glob("runs/tiny/*/report.html"))


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    assert main(["report", str(tmp_path)]) == 3
    assert main(["report"]) == 2


def test_every_warning_of_a_run_is_at_the_head_of_its_page_and_on_the_terminal(
    reported: Reported, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("evaluated", "only_trained"):
        folder = reported[name]
        metrics = replace(read_metrics(folder), warnings=("cv_ratio is <missing>", "calibration was replaced"))
        head, _, _ = render_run(read_run(folder), metrics).partition("<nav")
        assert '<p class="warning">cv_ratio is &lt;missing&gt;</p>' in head
        assert '<p class="warning">calibration was replaced</p>' in head
        print_metrics(metrics)
        printed = capsys.readouterr().out
        assert "warning: cv_ratio is <missing>\n" in printed
        assert "warning: calibration was replaced\n" in printed
