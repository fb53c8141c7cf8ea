"""From the selection of an operation to one statement that returns the finished JSON.

Every field says where it stands in the database (`api.fields`); this module puts the pieces
together, each object as one `concat` over its fields. Rows are never walked in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    SchemaMetaFieldDef,
    SelectionSetNode,
    TypeMetaFieldDef,
    get_named_type,
)

from api.cursors import base64
from api.fields import (
    SQL,
    Changed,
    Column,
    Definition,
    Does,
    Identity,
    Many,
    One,
    Paged,
    Recorded,
    Streams,
    Told,
    Within,
    Written,
)
from api.json_sql import bare, concat, leaf_sql, list_sql, or_null, text_sql
from api.moments import Moment
from api.parameters import Given, Parameters, taking
from api.selection import Selecting, collect

META: Final = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}
"""Fields of the root that no type has. They are answered before a statement is written."""

DEFINITION: Final = "strawberry-definition"

COMPOSITE = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType


@dataclass(slots=True)
class Compiling(Selecting):
    """One operation on its way to a statement."""

    cursors_are_now: bool
    """The cursors that are given belong to the present state of the record."""
    live: bool = False
    """Something in it changes without the record's position: see `api.plan.Plan.live`."""
    parameters: Parameters = field(default_factory=Parameters)
    cursors: list[Moment] = field(default_factory=list)
    moments: dict[str, Moment] = field(default_factory=dict)
    """By response key of the root."""
    settling: dict[str, Given] = field(default_factory=dict)
    """The cursor that settles the moment, by response key of the root."""
    reached: list[str] = field(default_factory=list)
    """Parameters that are positions, which the log has to have reached."""
    earlier: dict[str, Moment] = field(default_factory=dict)
    """By response key of the root, where that compares two moments: the one it begins at."""
    rows: int = 0

    def row(self) -> str:
        """A name for another row."""
        self.rows += 1
        return f"r{self.rows}"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a selection, where it is read off a row at a moment."""

    compiling: Compiling
    definition: GraphQLField
    nodes: tuple[FieldNode, ...]
    row: str
    moment: Moment
    path: tuple[str, ...]

    @property
    def type(self) -> Any:
        """Its type without `!`."""
        return bare(self.definition.type)

    @property
    def nullable(self) -> bool:
        """Whether it may be null."""
        return not isinstance(self.definition.type, GraphQLNonNull)

    def given(self, name: str) -> Given:
        """What is given for one of its arguments."""
        wanted = self.definition.args[name]
        node = next(
            (one.value for one in self.nodes[0].arguments or () if one.name.value == name), None
        )
        take, key = taking(wanted.type, node)
        compiling = self.compiling
        return Given(
            name,
            wanted.type,
            take,
            key,
            compiling.variables,
            compiling.parameters,
            self.path,
            node,
        )

    def inside(self, row: str | None = None, moment: Moment | None = None) -> str:
        """The object that the field is, read off a row: JSON text."""
        return self._object(self.type, row or self.row, moment or self.moment)

    def element(self, row: str, moment: Moment | None = None) -> str:
        """One object of the list that the field is."""
        return self._object(bare(self.type.of_type), row, moment or self.moment)

    def as_type(self, name: str, row: str) -> str:
        """The object that the field is, known to be of one type, read off a row."""
        type_ = self.compiling.schema.type_map[name]
        if not isinstance(type_, GraphQLObjectType):
            raise TypeError(f"{name} is no type of objects")
        return self._object(type_, row, self.moment)

    def _object(self, type_: COMPOSITE, row: str, moment: Moment) -> str:
        return object_sql(self.compiling, type_, self._selections, row, moment, self.path)

    def assembled(self, write: Callable[[Field], str]) -> str:
        """The object that the field is (or an object of the list), each of its own fields written
        by a function: JSON text."""
        type_ = self.type
        if isinstance(type_, GraphQLList):
            type_ = bare(type_.of_type)
        return assemble(
            self.compiling, type_, self._selections, self.row, self.moment, self.path, write
        )

    def asks_for(self, *names: str) -> bool:
        """Whether any of these fields is selected of the object that it is."""
        return any(
            node.name.value in names
            for nodes in collect(self.compiling, self.type, self._selections).values()
            for node in nodes
        )

    @property
    def _selections(self) -> list[SelectionSetNode]:
        return [node.selection_set for node in self.nodes if node.selection_set]

    @property
    def name(self) -> str:
        """Its name in the schema."""
        return self.nodes[0].name.value

    def selected(self) -> Iterator[Field]:
        """The fields that are selected of what it is. Of an interface or a union those of each
        type, so that some can come several times."""
        named = get_named_type(self.definition.type)
        if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            types = list(self.compiling.schema.get_possible_types(named))
        else:
            types = [named] if isinstance(named, GraphQLObjectType) else []
        for type_ in types:
            for key, nodes in collect(self.compiling, type_, self._selections).items():
                name = nodes[0].name.value
                if name != "__typename":
                    yield replace(
                        self,
                        definition=type_.fields[name],
                        nodes=tuple(nodes),
                        path=(*self.path, key),
                    )

    def at(self, row: str, moment: Moment | None = None) -> Field:
        """The same field, read off another row or at another moment."""
        return replace(self, row=row, moment=moment or self.moment)

    def rows(self, template: str, row: str) -> str:
        """A template of `api.fields` with its names filled in."""
        moment = self.moment
        return template.format(
            row=row,
            parent=self.row,
            held=moment.held(row),
            known=moment.known(row),
            happened=moment.happened(row),
            head=moment.head,
        )

    def sql(self) -> str:
        """The field's value as JSON text, by its definition."""
        definition = definition_of(self.definition)
        match definition:
            case Column(sql):
                return leaf_sql(self.definition.type, self.rows(sql, self.row))
            case Identity(sql, subject):
                found = self.rows(sql, self.row)
                encoded = f"'\"{subject.value}~' || {base64(f'uuid_send({found})')} || '\"'"
                return or_null(encoded) if self.nullable else encoded
            case One(rows):
                row = self.compiling.row()
                found = f"(SELECT {self.inside(row)} FROM {self.rows(rows, row)})"
                return or_null(found) if self.nullable else found
            case Many(rows, order):
                row = self.compiling.row()
                source, ordered = self.rows(rows, row), self.rows(order, row)
                return list_sql(f"SELECT {self.element(row)} FROM {source} ORDER BY {ordered}")
            case Within(present):
                if present is None:
                    return self.inside()
                there = self.rows(present, self.row)
                return f"CASE WHEN {there} THEN {self.inside()} ELSE 'null' END"
            case Written(write):
                return write(self)
            case Paged():
                raise TypeError(f"{self.name} stands outside a connection")
            case Told() | Recorded() | Changed() | Does() | Streams():
                raise TypeError(f"{self.name} is not read off the record")


def definition_of(field_: GraphQLField) -> Definition:
    """Where a field says that it stands. Raises KeyError if it does not say."""
    found: Definition = field_.extensions[DEFINITION].metadata[SQL]
    return found


def object_sql(
    compiling: Compiling,
    type_: COMPOSITE,
    selections: Sequence[SelectionSetNode],
    row: str,
    moment: Moment,
    path: tuple[str, ...],
) -> str:
    """An object as JSON text, read off a row."""
    if isinstance(type_, GraphQLObjectType):
        return _plain_object(compiling, type_, selections, row, moment, path)
    branches: dict[str, list[GraphQLObjectType]] = {}
    before = last = compiling.rows
    for possible in compiling.schema.get_possible_types(type_):
        # Only one branch is ever run. With the same names of rows, the same SQL comes out the same.
        compiling.rows = before
        made = _plain_object(compiling, possible, selections, row, moment, path)
        branches.setdefault(made, []).append(possible)
        last = max(last, compiling.rows)
    compiling.rows = last
    if len(branches) == 1:
        return next(iter(branches))
    cases = " ".join(
        f"WHEN {' OR '.join(_when(one, row) for one in types)} THEN {made}"
        for made, types in branches.items()
    )
    return f"CASE {cases} END"


def _when(type_: GraphQLObjectType, row: str) -> str:
    condition: str = type_.extensions[DEFINITION].origin.when
    return f"({condition.format(row=row)})"


def _plain_object(
    compiling: Compiling,
    type_: GraphQLObjectType,
    selections: Sequence[SelectionSetNode],
    row: str,
    moment: Moment,
    path: tuple[str, ...],
) -> str:
    return assemble(compiling, type_, selections, row, moment, path, Field.sql)


def assemble(
    compiling: Compiling,
    type_: GraphQLObjectType,
    selections: Sequence[SelectionSetNode],
    row: str,
    moment: Moment,
    path: tuple[str, ...],
    write: Callable[[Field], str],
) -> str:
    """An object of one type as JSON text, its fields in the order of the document."""
    pieces: list[str] = []
    literal = "{"
    for number, (key, nodes) in enumerate(collect(compiling, type_, selections).items()):
        literal += f'{"," if number else ""}"{key}":'
        name = nodes[0].name.value
        if name == "__typename":
            literal += f'"{type_.name}"'
            continue
        definition = META.get(name) or type_.fields[name]
        field_ = Field(compiling, definition, tuple(nodes), row, moment, (*path, key))
        pieces += [text_sql(literal), write(field_)]
        literal = ""
    return concat([*pieces, text_sql(literal + "}")])
