"""Reduces Intercom's published OpenAPI description to what the sandbox's tests check answers against.

    pip install pyyaml==6.0.3
    python3 reduce.py api.intercom.io.yaml > intercom-2.16.json

It reads the paths from ../../src/api.rs, so run it again after adding one. Kept are, for each path and status, the schema of
the answer and the codes and texts of published errors; names, types and enumerations of the schemas used. Words are dropped.
`nullable` becomes the type null, `allOf` is merged and `oneOf` becomes `anyOf`. An object must carry every property it lists and
may carry no others, although the description itself hardly says so: what is optional in truth, or comes without being described,
is a deviation that the test names with its reason.
"""
import hashlib
import json
import pathlib
import re
import sys

import yaml

ORIGIN = "https://github.com/intercom/Intercom-OpenAPI descriptions/2.16/api.intercom.io.yaml"
COMMIT = "8889625a7b931d8649e18726e7f872ff073520fc"
KEPT = ("type", "enum", "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength")
METHODS = ("get", "post", "put", "delete")


def main():
    raw = pathlib.Path(sys.argv[1]).read_bytes()
    document = yaml.safe_load(raw)
    components = document["components"]
    described = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                described[f"{method.upper()} {normal(path)}"] = item[method]
    operations, used = {}, set()
    for name in routes():
        if name in described:
            operations[name] = answers(described[name], components, used)
    definitions = {}
    while used - definitions.keys():
        for name in sorted(used - definitions.keys()):
            given = extended.get(name) or components["schemas"][name]
            definitions[name] = schema(given, components["schemas"], used)
    head = {"origin": ORIGIN, "commit": COMMIT, "version": str(document["info"]["version"]), "sha256": hashlib.sha256(raw).hexdigest()}
    print("{")
    for key, value in head.items():
        print(f"{json.dumps(key)}: {json.dumps(value)},")
    print('"operations": {')
    print(rows(operations))
    print('},\n"$defs": {')
    print(rows(definitions))
    print("}\n}")


def rows(table):
    return ",\n".join(f"{json.dumps(key)}: {json.dumps(table[key], sort_keys=True, separators=(',', ':'))}" for key in sorted(table))


def normal(path):
    return re.sub(r"\{[^}]*\}", "{id}", path)


def routes():
    """Method and path of every route of the sandbox's API."""
    source = (pathlib.Path(__file__).parent / "../../src/api.rs").read_text()
    for path, handlers in re.findall(r'\.route\("([^"]+)", (.*)\)', source):
        for method in METHODS:
            if re.search(rf"\b{method}\(", handlers):
                yield f"{method.upper()} {normal(path)}"


def answers(operation, components, used):
    found = {}
    for status, response in operation["responses"].items():
        if "$ref" in response:
            response = components["responses"][response["$ref"].rsplit("/", 1)[1]]
        content = (response.get("content") or {}).get("application/json")
        answer = {"schema": schema(content["schema"], components["schemas"], used) if content and "schema" in content else None}
        published = [e.get("value") for e in ((content or {}).get("examples") or {}).values()]
        errors = {(e["code"], e.get("message")) for v in published if isinstance(v, dict) for e in v.get("errors") or []}
        if errors:
            answer["errors"] = sorted(map(list, errors))
        found[str(status)] = answer
    return found


# Schemas that an operation extends by `allOf`, under their name and a plus for each way.
extended = {}


def schema(given, all_schemas, used):
    parts = given.get("allOf", [])
    if len(parts) == 1 and "$ref" in parts[0] and given.keys() & {"properties", "required"}:
        name, whole = parts[0]["$ref"].rsplit("/", 1)[1] + "+", merged(given, all_schemas)
        while extended.setdefault(name, whole) != whole:
            name += "+"
        given = {"$ref": f"/{name}"}
    given = merged(given, all_schemas)
    if "$ref" in given:
        name = given["$ref"].rsplit("/", 1)[1]
        used.add(name)
        made = {"$ref": f"#/$defs/{name}"}
        return {"anyOf": [made, {"type": "null"}]} if given.get("nullable") else made
    made = {key: given[key] for key in KEPT if key in given}
    for key in ("oneOf", "anyOf"):
        if key in given:
            made["anyOf"] = [schema(option, all_schemas, used) for option in given[key]]
    if "properties" in given:
        made["properties"] = {name: schema(value, all_schemas, used) for name, value in given["properties"].items()}
        made["additionalProperties"] = False
        made["required"] = sorted(given["properties"])
    elif "required" in given:
        made["required"] = given["required"]
    if "additionalProperties" in given:
        more = given["additionalProperties"]
        made["additionalProperties"] = schema(more, all_schemas, used) if isinstance(more, dict) else more
    if isinstance(given.get("items"), dict):
        made["items"] = schema(given["items"], all_schemas, used)
    if given.get("nullable"):
        if "type" in made:
            made["type"] = [made["type"], "null"]
        if "enum" in made and None not in made["enum"]:
            made["enum"] = made["enum"] + [None]
        if "anyOf" in made:
            made["anyOf"] = made["anyOf"] + [{"type": "null"}]
    return made


def merged(given, all_schemas):
    """One object for `allOf`; the description uses it to add fields to a schema."""
    if "allOf" not in given:
        return given
    whole = {key: value for key, value in given.items() if key != "allOf"}
    if len(given["allOf"]) == 1 and not whole.keys() - {"nullable", "description", "title", "example"}:
        return {**given["allOf"][0], **({"nullable": True} if given.get("nullable") else {})}
    for part in given["allOf"]:
        while "$ref" in part:
            part = all_schemas[part["$ref"].rsplit("/", 1)[1]]
        part = merged(part, all_schemas)
        for key, value in part.items():
            if key == "properties":
                whole["properties"] = {**value, **whole.get("properties", {})}
            elif key == "required":
                whole["required"] = sorted({*value, *whole.get("required", [])})
            elif key != "nullable":
                whole.setdefault(key, value)
    return whole


main()
