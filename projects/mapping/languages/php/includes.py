"""The paths of `include` and `require`, as far as they are written down."""

from tree_sitter import Node

from projects.mapping.languages.php.spaces import text

Include = tuple[str, bool, int]


def includes(expressions: list[Node]) -> list[Include]:
    """This function will give [path, whether it begins at the file's folder, line] of each."""
    found = []
    for node in expressions:
        parts = _parts(node)
        path = "".join(parts).removeprefix(_HERE)
        if parts and path and _HERE not in path:
            found.append((path, parts[0].startswith(_HERE), node.start_point[0] + 1))
    return sorted(found, key=lambda one: (one[2], one[0]))


_HERE = "\0"
_DEEPEST = 20  # of `dirname(dirname(...))` and `a . b . c`


def _parts(node: Node, deep: int = 0) -> list[str]:
    """The texts an expression joins, the file's folder as one of them; none if there is more."""
    if deep > _DEEPEST:
        return []
    if node.type == "parenthesized_expression" and node.named_children:
        return _parts(node.named_children[0], deep + 1)
    if node.type in ("string", "encapsed_string"):
        return _literal(node)
    if node.type == "name" and text(node).upper() == "__DIR__":
        return [_HERE]
    if node.type == "function_call_expression":
        return _dirname(node, deep)
    if node.type != "binary_expression":
        return []
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    before = _parts(left, deep + 1) if left else []
    after = _parts(right, deep + 1) if right else []
    return before + after if before and after else []


def _literal(node: Node) -> list[str]:
    whole = all(child.type == "string_content" for child in node.named_children)
    return ["".join(map(text, node.named_children))] if whole and node.named_children else []


def _dirname(node: Node, deep: int) -> list[str]:
    """`dirname(__FILE__)` is the folder; `dirname(__DIR__, 2)` climbs from it."""
    function = node.child_by_field_name("function")
    arguments = node.child_by_field_name("arguments")
    given = (
        [one.named_children[0] for one in arguments.named_children if one.named_children]
        if (arguments)
        else []
    )
    if function is None or text(function).lower() != "dirname" or not given:
        return []
    steps = text(given[1]) if len(given) > 1 else "1"
    if not steps.isdecimal() or not 1 <= int(steps) <= _DEEPEST:
        return []
    if text(given[0]).upper() == "__FILE__":
        return [_HERE + "/.." * (int(steps) - 1)]
    inner = _parts(given[0], deep + 1)
    return [*inner, "/.." * int(steps)] if inner and inner[0].startswith(_HERE) else []
