"""The contract of a model's inputs: a record of the definitions of features and label, with a fingerprint.

A saved model is used only if its saved contract equals the contract of the installed package.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from breakout.features import windows as w
from breakout.features.query import IS_BREAKOUT, ROLE_PLAYER, get_training_data_query
from breakout.features.query_plan import plan_query
from breakout.warehouse import tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from breakout.features.config import BreakoutFeatureConfig
    from breakout.features.feature import Feature

_DTYPE = "float64"


@dataclass(frozen=True)
class FeatureContract:
    """The definition of one feature in a contract.

    - `default`: the value that replaces missing values.
    - `definition`: the SQL expressions of the feature and of every feature that it is built from, by name.
    - `windows`: the SQL frame of each window that these expressions read, by name of the window. For a window over the
      players of a team, the value is the name of the team's column. Other windows without a frame are left out. The
      window `before` is always included, because every query reads it.
    - `query`: a digest of the whole query that computes the feature. So contracts also differ if their queries differ
      only in joins, or in the rule that limits features to games before the row's date.
    """

    dtype: str
    default: float
    definition: dict[str, str]
    windows: dict[str, str]
    query: str


@dataclass(frozen=True)
class Contract:
    """The definitions of everything that a model reads.

    - `names`: the features in order.
    - `features`: the definition of each feature by name.
    - `label`: the definitions of a breakout and of a role player, with their settings.
    - `sources`: the columns of each source table, with their types.
    - `availability`: the settings of the cutoff for injury reports; None if no feature reads injury reports.
    """

    names: tuple[str, ...]
    features: dict[str, FeatureContract]
    label: dict[str, Any]
    sources: dict[str, dict[str, str]]
    availability: dict[str, Any] | None = None

    @property
    def has_reports(self) -> bool:
        """Return whether a feature reads injury reports."""
        return self.availability is not None

    @cached_property
    def fingerprint(self) -> str:
        """Return the first 16 hex digits of the SHA-256 of the contract as JSON."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        """Return the contract as JSON types, without the key `availability` if no feature reads injury reports."""
        record: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        if self.availability is None:  # contracts that were saved without this key keep their fingerprints
            del record["availability"]
        return record

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Contract:
        """Return the contract in `record`, a result of `to_dict`.

        KeyError, TypeError, ValueError or AttributeError if the record is not a contract.
        """
        features = {name: FeatureContract(**part) for name, part in record["features"].items()}
        availability = record.get("availability")
        return cls(tuple(record["names"]), features, dict(record["label"]), dict(record["sources"]), availability)


def build_contract(config: BreakoutFeatureConfig, registry: Mapping[str, Feature] | None = None) -> Contract:
    """Return the contract for the features and the label settings of `config`.

    `registry` has the definitions of the features; None means the registry of `config`. FeatureDefinitionError if the
    expression of a feature cannot be resolved. ConfigurationError if a feature reads a column whose name is no plain
    identifier.
    """
    registry = registry or config.registry
    label = {
        "is_breakout": canonical_expression(IS_BREAKOUT),
        "population": canonical_expression(ROLE_PLAYER),
        "min_ppg": float(config.min_ppg),
        "max_ppg": float(config.max_ppg),
        "breakout_multiplier": float(config.breakout_multiplier),
        "min_prior_games": config.min_prior_games,
        "season_types": sorted(config.season_types),
    }
    uses_availability = plan_query(registry, config.names).uses_availability
    read = (*tables.HISTORY_TABLES, *([tables.AVAILABILITY] if uses_availability else []))
    sources = {table.name: {column.name: str(column.type) for column in table.columns} for table in read}
    features = {name: _feature_contract(registry, name) for name in config.names}
    availability = asdict(config.availability) if uses_availability else None
    return Contract(config.names, features, label, sources, availability)


def _feature_contract(registry: Mapping[str, Feature], name: str) -> FeatureContract:
    plan = plan_query(registry, (name,))
    # The query is split at empty lines, and each part is tokenized by itself. `canonical` caches its results, and the
    # queries of different features share most parts. No token spans an empty line.
    parts = get_training_data_query((name,), registry=registry).split("\n\n")
    text = " ".join(canonical(part) for part in parts)
    used = {node.text("alias") for columns in (plan.row_windows, *plan.states.values()) for node in columns.values()}
    used |= set(plan.rosters)
    frames = (
        w.ROW_WINDOWS
        | w.ROSTER_WINDOWS
        | {window: frame for relation in w.RELATIONS for window, frame in relation.windows.items()}
    )
    return FeatureContract(
        dtype=_DTYPE,
        default=float(registry[name].default),
        definition={part: canonical_expression(registry[part].expression) for part in plan.levels},
        # The window `before` is always in the contract, because every query computes the season totals over it.
        windows={window: canonical(frame) for window, frame in frames.items() if window in {*used, "before"}},
        query=hashlib.sha256(text.encode()).hexdigest()[:16],
    )


@lru_cache(maxsize=512)
def canonical(sql: str) -> str:
    """Return the tokens of an SQL text in BigQuery's dialect, separated by single spaces.

    Texts that differ only in line breaks, spaces or comments have equal results. TokenError of sqlglot if the text
    cannot be split into tokens.
    """
    from sqlglot import tokenize

    return " ".join(token.text for token in tokenize(sql, read=w.DIALECT))


@lru_cache(maxsize=512)
def canonical_expression(sql: str) -> str:
    """Return the tokens of an SQL expression, separated by single spaces and without comments.

    Keywords and names of functions are in capitals. ParseError or TokenError of sqlglot if the text is no SQL
    expression.
    """
    return canonical(w.write_sql(w.parse_expression(sql)))


def diff_contracts(saved: Contract, installed: Contract) -> list[str]:
    """Return one sentence for each difference between two contracts; an empty list if they are equal.

    The order of the features is compared only if both contracts have the same features. The field `query` of a feature
    is compared only if all other fields of the feature are equal.
    """
    lines = []
    gone = [name for name in saved.names if name not in installed.names]
    new = [name for name in installed.names if name not in saved.names]
    lines += [f"feature {name}: not among the installed features" for name in gone]
    lines += [f"feature {name}: not among the saved features" for name in new]
    if not gone and not new and saved.names != installed.names:
        moved = [name for name, other in zip(saved.names, installed.names, strict=True) if name != other]
        lines.append(f"order: {', '.join(moved)} stand in another place (saved order: {', '.join(saved.names)})")
    for name in saved.names:
        if name in installed.features:
            lines += _diff_feature(name, saved.features[name], installed.features[name])
    for key in sorted({*saved.label, *installed.label}):
        if saved.label.get(key) != installed.label.get(key):
            lines.append(f"label: {key} was {saved.label.get(key)}, is {installed.label.get(key)}")
    was_cutoff, cutoff = saved.availability or {}, installed.availability or {}
    lines += [
        f"availability.{key} was {was_cutoff.get(key)}, is {cutoff.get(key)}"
        for key in sorted({*was_cutoff, *cutoff})
        if was_cutoff.get(key) != cutoff.get(key)
    ]
    for table in sorted({*saved.sources, *installed.sources}):
        was, now = saved.sources.get(table, {}), installed.sources.get(table, {})
        lines += [
            f"source schema: {table}.{column} was {was.get(column, 'absent')}, is {now.get(column, 'absent')}"
            for column in sorted({*was, *now})
            if was.get(column) != now.get(column)
        ]
    return lines


def _diff_feature(name: str, saved: FeatureContract, installed: FeatureContract) -> list[str]:
    lines = []
    if saved.dtype != installed.dtype:
        lines.append(f"feature {name}: dtype was {saved.dtype}, is {installed.dtype}")
    if saved.default != installed.default:
        lines.append(f"feature {name}: default was {saved.default}, is {installed.default}")
    for part in sorted({*saved.definition, *installed.definition}):
        was, now = saved.definition.get(part), installed.definition.get(part)
        if was != now:
            lines.append(f"feature {name}: definition of {part} was {was}, is {now}")
    for window in sorted({*saved.windows, *installed.windows}):
        was, now = saved.windows.get(window), installed.windows.get(window)
        if was != now:
            lines.append(f"feature {name}: window {window} was {was}, is {now}")
    if not lines and saved.query != installed.query:
        lines.append(
            f"feature {name}: definition changed in the rows, joins or as-of rule of the query it is computed by"
        )
    return lines
