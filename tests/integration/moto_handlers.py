"""Prints the operations of each given service that moto implements, by the names of its handlers, as JSON."""

import importlib
import inspect
import json
import sys

import botocore.session
from moto.core.responses import BaseResponse
from moto.core.utils import camelcase_to_underscores


def handlers(service):
    module = importlib.import_module(f"moto.{service}.responses")
    classes = inspect.getmembers(module, lambda item: inspect.isclass(item) and issubclass(item, BaseResponse))
    own = [base for _, item in classes for base in item.__mro__ if base not in (BaseResponse, object)]
    return {name for base in own for name in vars(base)}


session = botocore.session.get_session()
implemented = {}
for service in sys.argv[1:]:
    names = handlers(service)
    operations = session.get_service_model(service).operation_names
    implemented[service] = [name for name in operations if camelcase_to_underscores(name) in names]
print(json.dumps(implemented))
