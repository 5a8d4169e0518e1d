"""Tests of bundles: they load on any machine, and a damaged one or one with another contract is refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pytest

from breakout.artifacts import json_digest
from breakout.bundle.folder import CONTRACT_FILE, load_contract, read_bundle
from breakout.dataset import Rows
from breakout.errors import DataError, GateError
from breakout.features import contract, query, registry
from breakout.features import windows as w
from breakout.features.feature import Feature
from breakout.production.bundle_gate import check_contract, open_bundle
from breakout.warehouse import tables
from tests.commands import QUICK_GATE, Trained, call

pytestmark = pytest.mark.usefixtures("audit_once")

FILES = (
    "model.cbm",
    "contract.json",
    "settings.yaml",
    "training_features.parquet",
    "baselines/logistic/model.json",
)

LOAD = """
import sys
from pathlib import Path
from breakout.bundle.folder import read_bundle
from breakout.dataset import Rows

folder = Path(sys.argv[1])
read_bundle(folder).predict_probability(Rows(read_bundle(folder).training_features()))
seen = []
sys.addaudithook(lambda event, args: seen.append(event))
bundle = read_bundle(folder)
probability = bundle.predict_probability(Rows(bundle.training_features()))
executed = {"pickle.find_class", "exec", "compile", "marshal.loads", "subprocess.Popen", "os.system", "import"}
print(sorted(executed & set(seen)))
print(probability.tobytes().hex())
"""


def seal(record: Mapping[str, object]) -> str:
    return json_digest({key: value for key, value in record.items() if key != "seal"})


def test_a_bundle_loads_elsewhere_with_the_package_alone_and_runs_no_code_of_its_own(
    trained: Trained, tmp_path: Path
) -> None:
    run = trained["default"]
    moved = shutil.copytree(run / "bundle", tmp_path / "elsewhere")
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(moved)],
        cwd=home,
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    executed, probability = done.stdout.split("\n")[:2]
    assert executed == "[]"
    bundle = read_bundle(run / "bundle")
    assert probability == bundle.predict_probability(Rows(bundle.training_features())).tobytes().hex()


def test_a_bundle_names_no_folder_of_the_machine_it_was_made_on(trained: Trained) -> None:
    bundle = trained["default"] / "bundle"
    texts = {path.name: path.read_text() for path in bundle.rglob("*") if path.suffix in {".json", ".yaml"}}
    settings = texts.pop("settings.yaml")
    assert [line for line in settings.splitlines() if str(bundle.parents[3]) in line] == [
        f"  outputs: {bundle.parents[3]}"
    ]
    assert not [name for name, text in texts.items() if str(Path.home()) in text or str(bundle.parent) in text]


def test_a_folder_without_a_bundle_is_called_that(trained: Trained, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere", trained["default"].parent):
        with pytest.raises(DataError, match="there is no bundle at"):
            read_bundle(folder)


def test_a_run_folder_stands_for_its_bundle(trained: Trained) -> None:
    run = trained["default"]
    assert read_bundle(run).fingerprint == read_bundle(run / "bundle").fingerprint


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    with pytest.raises(DataError, match=f"{name} is missing"):
        read_bundle(bundle)


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_named(bundle: Path, name: str) -> None:
    path = bundle / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=f"{name} is not the file that manifest.json names"):
        read_bundle(bundle)


def test_a_truncated_manifest_is_named(bundle: Path) -> None:
    path = bundle / "manifest.json"
    path.write_text(path.read_text()[:200])
    with pytest.raises(DataError, match=r"manifest\.json is damaged"):
        read_bundle(bundle)


def test_an_edited_manifest_is_refused(bundle: Path) -> None:
    path = bundle / "manifest.json"
    record = json.loads(path.read_text())
    record["windows"]["train"][1] = "2025-12-01"
    path.write_text(json.dumps(record))
    with pytest.raises(DataError, match=r"manifest\.json is damaged or was edited"):
        read_bundle(bundle)


@pytest.mark.parametrize("part", ["calibration", "chosen_threshold", "windows"])
def test_a_manifest_sealed_anew_after_an_edit_is_no_longer_the_bundle_that_its_fingerprint_names(
    bundle: Path, part: str
) -> None:
    path = bundle / "manifest.json"
    record = json.loads(path.read_text())
    record[part] = {**(record[part] or {}), "edited": True}
    path.write_text(json.dumps({**record, "seal": seal(record)}))
    with pytest.raises(DataError, match=r"manifest\.json is damaged or was edited"):
        read_bundle(bundle)


def test_a_model_of_a_kind_that_is_not_known_yet_is_called_that(bundle: Path) -> None:
    path = bundle / "manifest.json"
    record = json.loads(path.read_text())
    record["model"]["kind"] = "forest"
    path.write_text(json.dumps({**record, "seal": seal(record)}))
    with pytest.raises(DataError, match="a model of the kind 'forest', which this version does not know"):
        read_bundle(bundle)


def test_a_manifest_from_a_run_of_other_settings_is_named(bundle: Path, trained: Trained) -> None:
    shutil.copy(trained["narrow"] / "bundle/manifest.json", bundle)
    with pytest.raises(DataError, match=r"manifest\.json is of another run: model\.cbm, contract\.json"):
        read_bundle(bundle)


def test_a_manifest_from_a_run_of_the_same_settings_is_named(bundle: Path, trained: Trained) -> None:
    shutil.copy(trained["refit"] / "bundle/manifest.json", bundle)
    with pytest.raises(DataError, match=r"manifest\.json (is of another run|names: .* of another run)"):
        read_bundle(bundle)


@pytest.mark.parametrize("name", ["model.cbm", "contract.json", "settings.yaml"])
def test_a_file_from_another_run_is_named(bundle: Path, trained: Trained, name: str) -> None:
    shutil.copy(trained["narrow"] / "bundle" / name, bundle / name)
    with pytest.raises(DataError, match=f"{name} is not the file that manifest.json names"):
        read_bundle(bundle)


@pytest.mark.parametrize("damage", [{"features": []}, {"label": ["abc"]}, {"names": None}])
def test_a_contract_of_another_form_is_damaged(damage: dict[str, object], bundle: Path) -> None:
    saved = json.loads((bundle / CONTRACT_FILE).read_text())
    (bundle / CONTRACT_FILE).write_text(json.dumps(saved | damage))
    with pytest.raises(DataError, match=r"contract\.json is damaged: it holds no contract"):
        load_contract(bundle)


def test_a_damaged_bundle_ends_every_command_with_the_code_for_data(bundle: Path, trained: Trained) -> None:
    (bundle / "model.cbm").write_bytes(b"")
    for words in commands(bundle, trained["logistic"]):
        answer = call(*words)
        assert answer.code == 3
        assert "model.cbm" in answer.err


Change = Callable[[pytest.MonkeyPatch], None]


def install(patch: pytest.MonkeyPatch, entries: Mapping[str, Feature], order: tuple[str, ...] | None = None) -> None:
    patch.setattr(registry, "REGISTRY", MappingProxyType(dict(entries)))
    if order is not None:
        patch.setattr(registry, "BREAKOUT_FEATURE_ORDER", order)


def change_default(patch: pytest.MonkeyPatch) -> None:
    name = "points_std_last_10"
    install(patch, dict(registry.REGISTRY) | {name: replace(registry.REGISTRY[name], default=6.0)})


def change_order(patch: pytest.MonkeyPatch) -> None:
    first, second, *others = registry.BREAKOUT_FEATURE_ORDER
    install(patch, registry.REGISTRY, (second, first, *others))


def change_expression(patch: pytest.MonkeyPatch) -> None:
    name = "back_to_back"
    entry = replace(registry.REGISTRY[name], expression="IF(MAX(day) OVER team_season_so_far >= row.day - 2, 1, 0)")
    install(patch, dict(registry.REGISTRY) | {name: entry})


def change_window(patch: pytest.MonkeyPatch) -> None:
    player = w.RELATIONS[0]
    longer = replace(player, windows=player.windows | {"last_5": w.last(6)})
    patch.setattr(w, "RELATIONS", (longer, *w.RELATIONS[1:]))


def rename_feature(patch: pytest.MonkeyPatch) -> None:
    entries = {
        "is_home" if name == "home_away" else name: replace(entry, name="is_home") if name == "home_away" else entry
        for name, entry in registry.REGISTRY.items()
    }
    order = tuple("is_home" if name == "home_away" else name for name in registry.BREAKOUT_FEATURE_ORDER)
    install(patch, entries, order)


def add_feature(patch: pytest.MonkeyPatch) -> None:
    install(patch, registry.REGISTRY, (*registry.BREAKOUT_FEATURE_ORDER, "minutes_trend"))


def change_dtype(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(contract, "_DTYPE", "float32")


def change_label(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(contract, "IS_BREAKOUT", query.IS_BREAKOUT.replace(">=", ">"))


def change_source_schema(patch: pytest.MonkeyPatch) -> None:
    table = tables.PLAYER_GAME_SUMMARY
    columns = tuple(replace(c, type="FLOAT64") if c.name == "points" else c for c in table.columns)
    patch.setattr(tables, "HISTORY_TABLES", (replace(table, columns=columns), tables.TEAM_OFFENSE_GAME_SUMMARY))


CHANGES: dict[str, tuple[Change, tuple[str, ...]]] = {
    "default": (change_default, ("feature points_std_last_10: default was 5.0, is 6.0",)),
    "order": (change_order, ("order: pts_vs_season_zscore, points_std_last_10 stand in another place",)),
    "expression": (change_expression, ("feature back_to_back: definition of back_to_back was",)),
    "window": (change_window, ("feature points_avg_last_5: window last_5 was", "feature pts_vs_season_zscore: window")),
    "name": (
        rename_feature,
        ("feature home_away: not among the installed", "feature is_home: not among the saved"),
    ),
    "addition": (add_feature, ("feature minutes_trend: not among the saved",)),
    "dtype": (change_dtype, ("feature home_away: dtype was float64, is float32",)),
    "label": (change_label, ("label: is_breakout was",)),
    "schema": (change_source_schema, ("source schema: player_game_summary.points was INT64, is FLOAT64",)),
}


def commands(bundle: Path, other: Path) -> list[tuple[str | Path, ...]]:
    """Return every command that reads a bundle, with `bundle` as the value of its setting."""
    outputs = f"paths.outputs={bundle.parent / 'outputs'}"
    return [
        ("evaluate", f"bundle={bundle}", outputs),
        ("predict", f"bundle={bundle}", "date=2026-02-06", outputs),
        ("compare", f"candidate={bundle}", f"production={other}", outputs),
        ("compare", f"candidate={other}", f"production={bundle}", outputs),
        ("promote", f"candidate={bundle}", outputs, *QUICK_GATE),
    ]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_contract_is_refused_and_what_changed_is_named(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    assert check_contract(open_bundle(bundle)) == ()
    apply, told = CHANGES[change]
    apply(monkeypatch)
    with pytest.raises(GateError) as refusal:
        open_bundle(bundle)
    for sentence in told:
        assert sentence in str(refusal.value)


def test_every_command_refuses_a_changed_contract_with_exit_code_1(
    bundle: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    words_of_commands = commands(bundle, trained["logistic"] / "bundle")
    rename_feature(monkeypatch)
    for words in words_of_commands:
        answer = call(*words)
        assert answer.code == 1, (words, answer.err)
        assert "home_away" in answer.out + answer.err
    assert not (bundle.parent / "outputs" / "production").exists()


def test_another_layout_of_an_expression_changes_no_contract(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {
        name: replace(entry, expression=f"  {entry.expression}  -- as before\n")
        for name, entry in registry.REGISTRY.items()
    }
    install(monkeypatch, entries)
    assert check_contract(read_bundle(bundle)) == ()


def test_a_mismatch_lets_nothing_through_that_cannot_be_computed(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename_feature(monkeypatch)
    with pytest.raises(GateError, match="home_away cannot be computed any more"):
        check_contract(read_bundle(bundle), allow_mismatch=True)


def test_the_training_rows_travel_with_the_bundle(trained: Trained) -> None:
    bundle = read_bundle(trained["default"])
    features = bundle.training_features()
    assert isinstance(features, pd.DataFrame)
    assert tuple(features.columns) == bundle.contract.names
    assert len(features) == bundle.manifest.rows.train
