"""From the selection of an operation to one statement that returns the finished JSON.

Every field says where it stands in the database (`api.fields`); this module puts the pieces
together, each object as one `concat` over its fields. Rows are never walked in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_enum_type,
    is_leaf_type,
)

from api.cursors import base64
from api.fields import SQL, Column, Definition, Identity, Many, One, Paged, Told, Within, Written
from api.moments import Moment, instant
from api.parameters import Given, Parameter, Parameters, Variables, taking

DEFINITION: Final = "strawberry-definition"
CONCAT: Final = 90
"""Arguments of one call; PostgreSQL takes 100."""

COMPOSITE = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement, and what has to be known to send it."""

    sql: bytes
    parameters: tuple[Parameter, ...]
    fixed: bool
    """Every field is about a given moment, so the answer never changes."""
    live: bool
    """Something in the answer changes while the record does not: a lag, the log's own head."""
    positions: tuple[int, ...]
    """Which parameters are positions, that the log has to have reached."""
    cursors: tuple[tuple[int, int], ...]
    """Which parameters (position, limit) are the moments of cursors."""
    ordered: tuple[tuple[int, int], ...] = ()
    """Which parameters are positions, of which the second is not to be before the first."""


@dataclass(slots=True)
class Compiling:
    """One operation on its way to a statement."""

    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    variables: Variables
    cursors_are_now: bool
    """The cursors that are given belong to the present state of the record."""
    live: bool = False
    """Something in it changes without the record's position: see `Plan.live`."""
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
                return _or_null(encoded) if self.nullable else encoded
            case One(rows):
                row = self.compiling.row()
                found = f"(SELECT {self.inside(row)} FROM {self.rows(rows, row)})"
                return _or_null(found) if self.nullable else found
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
            case Told():
                raise TypeError(f"{self.name} is not read off the record")


def definition_of(field_: GraphQLField) -> Definition:
    """Where a field says that it stands. Raises KeyError if it does not say."""
    found: Definition = field_.extensions[DEFINITION].metadata[SQL]
    return found


def bare(type_: Any) -> Any:
    """A type without `!`."""
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def _or_null(sql: str) -> str:
    return f"coalesce({sql}, 'null')"


def list_sql(query: str) -> str:
    """The values that a query gives, which are JSON text, as a JSON array."""
    return f"'[' || array_to_string(ARRAY({query}), ',') || ']'"


def leaf_sql(type_: Any, sql: str) -> str:
    """A value of the database as JSON text, by the type that it has in the schema."""
    named = bare(type_)
    if isinstance(named, GraphQLList):
        written = f"({sql})::text"  # a jsonb array of strings
    elif is_enum_type(named):
        written = f"'\"' || upper({sql}) || '\"'"
    elif not is_leaf_type(named):
        raise TypeError(f"{named} is no leaf")
    else:
        written = _SCALARS[named.name].format(f"({sql})" if " " in sql else sql)
    return written if isinstance(type_, GraphQLNonNull) else _or_null(written)


_SCALARS: Final = {
    "Boolean": "{}::text",
    "DateTime": instant("{}"),
    "Decimal": "to_json({}::numeric::text)::text",
    "Edtf": "to_json({})::text",
    "Float": "{}::text",
    "ID": "to_json({})::text",
    "Int": "{}::text",
    "Moment": "to_json({})::text",
    "Position": "{}::text",
    "String": "to_json({})::text",
}
"""How the values of a scalar are written; an unknown one fails when it is first compiled."""


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
    for possible in compiling.schema.get_possible_types(type_):
        made = _plain_object(compiling, possible, selections, row, moment, path)
        branches.setdefault(made, []).append(possible)
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
        field_ = Field(compiling, type_.fields[name], tuple(nodes), row, moment, (*path, key))
        pieces += [text_sql(literal), write(field_)]
        literal = ""
    return concat([*pieces, text_sql(literal + "}")])


def text_sql(text: str) -> str:
    """A text as a literal."""
    return "'" + text.replace("'", "''") + "'"


def concat(pieces: Sequence[str]) -> str:
    """Pieces of text one after the other. An absent one (NULL) counts as empty."""
    if len(pieces) == 1:
        return pieces[0]
    if len(pieces) <= CONCAT:
        return f"concat({', '.join(pieces)})"
    parts = [pieces[start : start + CONCAT] for start in range(0, len(pieces), CONCAT)]
    return concat([concat(part) for part in parts])


def collect(
    compiling: Compiling, type_: GraphQLObjectType, selections: Iterable[SelectionSetNode]
) -> dict[str, list[FieldNode]]:
    """The fields that are selected of a type, by response key, in the order of the document
    (GraphQL, section 6.3.2)."""
    found: dict[str, list[FieldNode]] = {}
    seen: set[str] = set()
    for selection_set in selections:
        for node in _fields(compiling, type_, selection_set, seen):
            found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
    return found


def _fields(
    compiling: Compiling, type_: GraphQLObjectType, selections: SelectionSetNode, seen: set[str]
) -> Iterator[FieldNode]:
    for selection in selections.selections:
        if not included(selection, compiling.variables):
            continue
        match selection:
            case FieldNode():
                yield selection
            case InlineFragmentNode():
                condition = selection.type_condition
                if condition is None or _applies(compiling, condition.name.value, type_):
                    yield from _fields(compiling, type_, selection.selection_set, seen)
            case FragmentSpreadNode():
                name = selection.name.value
                fragment = compiling.fragments[name]
                if name not in seen and _applies(
                    compiling, fragment.type_condition.name.value, type_
                ):
                    seen.add(name)
                    yield from _fields(compiling, type_, fragment.selection_set, seen)


def _applies(compiling: Compiling, condition: str, type_: GraphQLObjectType) -> bool:
    named = compiling.schema.type_map[condition]
    if named is type_:
        return True
    return isinstance(named, GraphQLInterfaceType | GraphQLUnionType) and (
        compiling.schema.is_sub_type(named, type_)
    )


def included(node: Any, variables: Variables) -> bool:
    """Whether `@skip` and `@include` let a selection stand."""
    for directive in node.directives or ():
        name = directive.name.value
        if name in ("skip", "include"):
            value = directive.arguments[0].value
            holds = variables.get(value.name.value) if hasattr(value, "name") else value.value
            if holds is (name == "skip"):
                return False
    return True


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """The fragments of a document, by name."""
    return {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }


def compile_operation(
    schema: GraphQLSchema,
    fragments: dict[str, FragmentDefinitionNode],
    operation: OperationDefinitionNode,
    variables: Variables,
    *,
    cursors_are_now: bool = False,
    introspected: dict[str, str] | None = None,
) -> Plan:
    """The statement of a query whose variables have the shape of these.

    It returns one row: the body of the answer, and the position up to which the log is projected.
    `introspected` has the root fields that ask about the schema, answered already, as JSON text.
    Raises Refused.
    """
    compiling = Compiling(schema, fragments, variables, cursors_are_now)
    root = schema.query_type
    if root is None:
        raise TypeError("the schema has no queries")
    answered = introspected or {}

    def write(one: Field) -> str:
        known = answered.get(one.path[0])
        return one.sql() if known is None else text_sql(known)

    data = assemble(compiling, root, [operation.selection_set], "p", Moment(), (), write)
    body = [text_sql('{"data":'), data, *_extensions(compiling), text_sql("}")]
    statement = f"SELECT {concat(body)}, p.position FROM read.progress p"
    # What was given for a list of which nothing is read still has to be of some type.
    unread = [one for one in compiling.parameters.written if one not in statement]
    if unread:
        statement = f"WITH unread AS (SELECT {', '.join(unread)}) {statement}"
    numbers = {f"${n}": n - 1 for n in range(1, len(compiling.parameters.found) + 1)}

    def number(sql: str | None) -> int:
        return numbers[str(sql).partition("::")[0]]

    return Plan(
        statement.encode(),
        tuple(compiling.parameters.found),
        bool(compiling.moments)
        and all(moment.position is not None for moment in compiling.moments.values())
        and not compiling.live,
        compiling.live,
        tuple(
            dict.fromkeys(
                number(position)
                for position in (
                    *(one.position for one in compiling.moments.values()),
                    *(one.position for one in compiling.cursors),
                    *compiling.reached,
                )
                if position is not None
            )
        ),
        tuple((number(one.position), number(one.reported_at)) for one in compiling.cursors),
        tuple(
            (number(earlier.position), number(compiling.moments[key].position))
            for key, earlier in compiling.earlier.items()
            if compiling.moments[key].position is not None
        ),
    )


def _extensions(compiling: Compiling) -> list[str]:
    """The basis of the answer; or of each of its root fields, where they have different ones."""
    bases = {
        key: moment.basis_since(compiling.earlier[key])
        if key in compiling.earlier
        else moment.basis
        for key, moment in compiling.moments.items()
    }
    if not bases:
        return []
    first, *others = bases.values()
    if all(one == first for one in others):
        return [text_sql(',"extensions":{"basis":'), first, text_sql("}")]
    pieces = [text_sql(',"extensions":{"basisByField":{')]
    for number, (key, basis) in enumerate(bases.items()):
        pieces += [text_sql(f'{"," if number else ""}"{key}":'), basis]
    return [*pieces, text_sql("}}")]
