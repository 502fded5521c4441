"""What a PHP file is for the world outside: programs, HTTP addresses, stored data."""

from collections.abc import Iterator

from tree_sitter import Node

from projects.mapping.languages.php.spaces import CLASS, Spaces, name_of, text

_VERBS = ("get", "post", "put", "patch", "delete", "options", "any")
_ELOQUENT = ("Illuminate\\Database\\Eloquent\\Model", "Illuminate\\Foundation\\Auth\\User")
_ENTITY = "Doctrine\\ORM\\Mapping\\Entity"
_DOCUMENT = "Doctrine\\ODM\\MongoDB\\Mapping\\Annotations\\Document"
Mark = tuple[str, str, int]


def marks(source: bytes, found: dict[str, list[Node]], spaces: Spaces) -> list[Mark]:
    """This function will give the marks of a file, by line.

    Sources of the names: Laravel's and Slim's routers, Eloquent, Symfony's Route, Doctrine.
    """
    entry = [("entry", "script", 1)] if source.startswith(b"#!") else []
    given = [
        *entry,
        *_called(found.get("call", [])),
        *_extended(found.get("base", []), spaces),
        *_attributes(found.get("attribute", []), spaces),
    ]
    return sorted(set(given), key=lambda mark: (mark[2], mark))


def _called(calls: list[Node]) -> Iterator[Mark]:
    """`Route::get("/x", …)` of Laravel; `$app->get("/x", …)` of Slim and its kin."""
    for node in calls:
        scope = node.child_by_field_name("scope") or node.child_by_field_name("object")
        verb = node.child_by_field_name("name")
        if scope is None or verb is None or text(verb) not in _VERBS:
            continue
        owner = text(scope).rpartition("\\")[2]
        framework = {"Route": "laravel", "$app": "slim", "$group": "slim"}.get(owner)
        address = _first_text(node)
        # With nobody to answer it is no route: `$app->get("mailer")` asks a container.
        if framework and address is not None and _is_answered(node):
            method = "" if text(verb) == "any" else text(verb).upper()
            what = f"{method} /{address.strip('/')}".strip()
            yield f"route:{framework}", what, node.start_point[0] + 1


def _is_answered(node: Node) -> bool:
    arguments = node.child_by_field_name("arguments")
    return arguments is not None and len(arguments.named_children) > 1


def _extended(bases: list[Node], spaces: Spaces) -> Iterator[Mark]:
    for node in bases:
        name = node.parent.child_by_field_name("name") if node.parent else None
        parents = [
            full
            for parent in map(name_of, node.named_children)
            for full in (spaces.meant(CLASS, parent, node.start_byte) if parent else ())
        ]
        if name is not None and any(parent in _ELOQUENT for parent in parents):
            yield "model:eloquent", text(name), name.start_point[0] + 1


def _attributes(attributes: list[Node], spaces: Spaces) -> Iterator[Mark]:
    prefixes: dict[int, str] = {}
    for node in sorted(attributes, key=lambda node: node.start_byte):
        name = name_of(node.named_children[0]) if node.named_children else ""
        meant = spaces.meant(CLASS, name, node.start_byte)[0] if name else ""
        owner = _owner(node)
        if owner is None:
            continue
        if meant in (_ENTITY, _DOCUMENT):
            own = owner.child_by_field_name("name")
            yield "model:doctrine", text(own) if own else "", owner.start_point[0] + 1
        elif meant.startswith("Symfony\\") and meant.endswith("\\Route"):
            address = _first_text(node) or ""
            if owner.type == "class_declaration":
                prefixes[owner.id] = address
            else:
                prefix = prefixes.get(_owner_id(owner), "")
                parts = [part.strip("/") for part in (prefix, address) if part.strip("/")]
                yield "route:symfony", "/" + "/".join(parts), node.start_point[0] + 1


def _owner(node: Node) -> Node | None:
    step = node.parent
    while step is not None and not step.type.endswith(("_declaration", "_definition")):
        step = step.parent
    return step


def _owner_id(method: Node) -> int:
    owner = _owner(method)
    return owner.id if owner else -1


def _first_text(node: Node) -> str | None:
    """The first argument, where it is a text; of a `Route` also the one named `path`."""
    arguments = node.child_by_field_name("arguments") or node.child_by_field_name("parameters")
    for argument in arguments.named_children[:1] if arguments else ():
        value = argument.named_children[-1] if argument.named_children else argument
        if value.type in ("string", "encapsed_string"):
            return text(value)[1:-1]
    return None
