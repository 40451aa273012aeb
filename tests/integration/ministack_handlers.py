"""Prints the operations of each given service that ministack implements, by its tables of handlers, as JSON."""

import ast
import importlib.util
import json
import pathlib
import sys

import botocore.session

# Its names of modules that are not those of botocore.
MODULES = {"events": "eventbridge", "logs": "cloudwatch_logs"}


def handlers(service):
    """The keys of the tables in the source that map names to functions."""
    package = importlib.util.find_spec("ministack").submodule_search_locations[0]
    source = pathlib.Path(package, "services", MODULES.get(service, service) + ".py")
    tables = (node for node in ast.walk(ast.parse(source.read_text())) if isinstance(node, ast.Dict))
    for table in tables:
        rows = zip(table.keys, table.values)
        functions = (ast.Name, ast.Attribute, ast.Lambda)
        yield from (key.value for key, value in rows if isinstance(key, ast.Constant) and isinstance(value, functions))


session = botocore.session.get_session()
implemented = {}
for service in sys.argv[1:]:
    names = set(handlers(service))
    implemented[service] = [name for name in session.get_service_model(service).operation_names if name in names]
print(json.dumps(implemented))
