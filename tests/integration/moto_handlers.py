"""Prints the operations of each given service that moto implements, by the names of its handlers, as JSON."""

import importlib
import inspect
import json
import pkgutil
import sys

import botocore.session
from moto.core.responses import BaseResponse
from moto.core.utils import camelcase_to_underscores

PACKAGES = {"lambda": "awslambda"}

# The operations of S3 that have no subresource: moto routes them by method and path.
PLAIN = {
    "AbortMultipartUpload",
    "CompleteMultipartUpload",
    "CopyObject",
    "CreateBucket",
    "DeleteBucket",
    "DeleteObject",
    "GetObject",
    "HeadBucket",
    "HeadObject",
    "ListBuckets",
    "ListObjects",
    "ListParts",
    "PutObject",
    "UploadPart",
    "UploadPartCopy",
}


def modules(package):
    path = importlib.import_module(f"moto.{package}").__path__
    names = [module.name for module in pkgutil.walk_packages(path, f"moto.{package}.")]
    return [importlib.import_module(name) for name in names if ".responses" in name]


def handlers(service):
    found = {}
    for module in modules(PACKAGES.get(service, service)):
        classes = inspect.getmembers(module, lambda item: inspect.isclass(item) and issubclass(item, BaseResponse))
        for base in [base for _, item in classes for base in item.__mro__ if base not in (BaseResponse, object)]:
            found.update(vars(base))
    return found


def only_raises(handler):
    """Some handlers say that they are not implemented."""
    source = inspect.getsource(handler) if inspect.isfunction(handler) else ""
    return "raise NotImplementedError" in source and "return" not in source


def has_handler(model):
    found = handlers(model.service_name)

    def has(name):
        handler = found.get(camelcase_to_underscores(name))
        return handler is not None and not only_raises(handler)

    return has


def has_route(model):
    """The functions that route requests to S3 compare with the subresources that they know."""
    from moto.s3.responses import S3Response

    def source(level, method):
        names = [f"_{level}_response_{method.lower()}"] + (["is_delete_keys"] if method == "POST" else [])
        return "".join(inspect.getsource(getattr(S3Response, name)) for name in names)

    def has(name):
        http = model.operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        subresources = [pair.split("=")[0] for pair in query.split("&") if pair and not pair.startswith("x-id=")]
        if not subresources or path == "/":
            return name in PLAIN
        text = source("key" if "{Key" in path else "bucket", http["method"])
        return f'"{subresources[0]}"' in text

    return has


session = botocore.session.get_session()
implemented = {}
for service in sys.argv[1:]:
    model = session.get_service_model(service)
    has = (has_route if service == "s3" else has_handler)(model)
    implemented[service] = [name for name in model.operation_names if has(name)]
print(json.dumps(implemented))
