"""What is asked of a syntax tree of JavaScript or TypeScript."""

KINDS = ("class", "function", "method", "interface", "type", "enum", "namespace")

_PLAIN = """
(import_statement source: (string) @import)
(export_statement source: (string) @import)
(call_expression function: (import)
  arguments: (arguments [(string) (template_string)] @import))
((call_expression function: (identifier) @_require
  arguments: (arguments [(string) (template_string)] @require))
  (#eq? @_require "require"))
((call_expression function: (identifier) @_define
  arguments: (arguments (array (string) @require)))
  (#eq? @_define "define"))

(class_declaration name: (_) @class)
(class name: (_) @class)
(variable_declarator name: (identifier) @class value: (class))
(function_declaration name: (identifier) @function)
(function_expression name: (identifier) @function)
(generator_function name: (identifier) @function)
(generator_function_declaration name: (identifier) @function)
(variable_declarator name: (identifier) @function
  value: [(arrow_function) (function_expression) (generator_function)])
(assignment_expression
  left: [(identifier) @function (member_expression property: (property_identifier) @function)]
  right: [(arrow_function) (function_expression) (generator_function)])
(pair key: (property_identifier) @method
  value: [(arrow_function) (function_expression) (generator_function)])
(method_definition name: [(property_identifier) (private_property_identifier)] @method)

(program (hash_bang_line) @shebang)
((call_expression function: (member_expression
    object: (identifier) @_object property: (property_identifier) @_verb)
  arguments: (arguments . (string) . (_))) @route
  (#match? @_object "^(app|router|server|fastify|api|route[rs]?|[a-z]+Router|[a-z]+App)$")
  (#any-of? @_verb "get" "post" "put" "patch" "delete" "head" "options" "all"))
((call_expression function: (member_expression property: (property_identifier) @_define)
  arguments: (arguments . (string) . (_))) @model
  (#any-of? @_define "model" "define"))
((decorator (call_expression function: (identifier) @_decorator)) @decorator
  (#any-of? @_decorator "Controller" "Get" "Post" "Put" "Patch" "Delete" "Head" "Options" "All" "Entity" "Table"))
"""
_FIELDS = """
(field_definition property: [(property_identifier) (private_property_identifier)] @method
  value: [(arrow_function) (function_expression)])
"""
_TYPED = """
(import_require_clause source: (string) @import)
(ambient_declaration (module name: (string) @augment))
(abstract_class_declaration name: (_) @class)
(function_signature name: (identifier) @function)
(public_field_definition name: [(property_identifier) (private_property_identifier)] @method
  value: [(arrow_function) (function_expression)])
(abstract_method_signature name: [(property_identifier) (private_property_identifier)] @method)
(method_signature name: (property_identifier) @method)
(interface_declaration name: (type_identifier) @interface)
(type_alias_declaration name: (type_identifier) @type)
(enum_declaration name: (identifier) @enum)
(internal_module name: (identifier) @namespace)
(module name: (identifier) @namespace)
"""


def query(*, typed: bool) -> str:
    """This function will give the query for TypeScript's grammars, or for JavaScript's."""
    return _PLAIN + (_TYPED if typed else _FIELDS)
