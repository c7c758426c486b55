"""What CloudFormation would make of a template with some parameters, as far as no account is needed to know it."""

import json
import pathlib
import re

from samcli.yamlhelper import yaml_parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/demo/5f0e9c1e-0000-4000-8000-000000000000",
    "AWS::StackName": "demo",
    "AWS::URLSuffix": "amazonaws.com",
}
NOTHING = object()


class Invalid(Exception):
    """The template, or a parameter, is one that CloudFormation would refuse."""


def template(name):
    """A template of the project, with the files that AWS::Include names in their places."""
    return included(yaml_parse((ROOT / name).read_text()))


def included(value):
    if isinstance(value, list):
        return [included(item) for item in value]
    if not isinstance(value, dict):
        return value
    transform = value.get("Fn::Transform")
    if isinstance(transform, dict) and transform["Name"] == "AWS::Include":
        return json.loads((ROOT / transform["Parameters"]["Location"]).read_text())
    return {key: included(entry) for key, entry in value.items()}


class Stack:
    """`resources` and `outputs` are those that exist, every function in them evaluated; `Fn::GetAtt` becomes
    `<resource>.<attribute>`, `Ref` of a resource its name."""

    def __init__(self, template, **parameters):
        self.template = template
        self.parameters = self.checked(parameters)
        self.asked = set()
        self.assert_rules()
        self.exists = {
            name: self.condition(resource["Condition"]) if "Condition" in resource else True
            for name, resource in template["Resources"].items()
        }
        self.resources = {name: self.resource(name) for name, exists in self.exists.items() if exists}
        self.outputs = {
            name: self.evaluate(output["Value"])
            for name, output in template.get("Outputs", {}).items()
            if "Condition" not in output or self.condition(output["Condition"])
        }

    def of_type(self, kind):
        return {name: it for name, it in self.resources.items() if it["Type"] == kind}

    def checked(self, given):
        declared = self.template["Parameters"]
        if unknown := given.keys() - declared.keys():
            raise Invalid(f"no such parameter: {unknown}")
        values = {}
        for name, declaration in declared.items():
            value = str(given.get(name, declaration.get("Default")))
            if "AllowedValues" in declaration and value not in map(str, declaration["AllowedValues"]):
                raise Invalid(f"{name} cannot be {value!r}")
            if "AllowedPattern" in declaration and not re.fullmatch(declaration["AllowedPattern"], value):
                raise Invalid(f"{name} cannot be {value!r}")
            values[name] = value
        return values

    def assert_rules(self):
        for rule in self.template.get("Rules", {}).values():
            if "RuleCondition" not in rule or self.test(rule["RuleCondition"]):
                for assertion in rule["Assertions"]:
                    if not self.test(assertion["Assert"]):
                        raise Invalid(assertion["AssertDescription"])

    def resource(self, name):
        resource = self.template["Resources"][name]
        depends = resource.get("DependsOn", [])
        for needed in [depends] if isinstance(depends, str) else depends:
            if needed not in self.exists:
                raise Invalid(f"{name} depends on {needed}, which is nothing")
        return {**resource, "Properties": self.evaluate(resource.get("Properties", {}))}

    def condition(self, name):
        self.asked.add(name)
        return self.test(self.template["Conditions"][name])

    def test(self, value):
        ((function, argument),) = value.items()
        if function == "Condition":
            return self.condition(argument)
        if function == "Fn::Equals":
            left, right = map(self.evaluate, argument)
            return left == right
        if function == "Fn::Not":
            return not self.test(argument[0])
        if function in ("Fn::And", "Fn::Or"):
            if not 2 <= len(argument) <= 10:
                raise Invalid(f"{function} takes two to ten conditions")
            return (all if function == "Fn::And" else any)([self.test(one) for one in argument])
        raise Invalid(f"{value} is no condition")

    def evaluate(self, value):
        if isinstance(value, list):
            items = [self.evaluate(item) for item in value]
            return [item for item in items if item is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self.call(function, argument)
        entries = {key: self.evaluate(entry) for key, entry in value.items()}
        return {key: entry for key, entry in entries.items() if entry is not NOTHING}

    def call(self, function, argument):
        if function == "Fn::If":
            condition, then, otherwise = argument
            return self.evaluate(then if self.condition(condition) else otherwise)
        if function == "Ref":
            return self.reference(argument)
        if function == "Fn::GetAtt":
            name, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
            return f"{self.existing(name)}.{attribute}"
        if function == "Fn::Sub":
            text, own = argument if isinstance(argument, list) else (argument, {})
            return re.sub(r"\$\{([^!}][^}]*)\}", lambda found: self.variable(found[1], own), text)
        argument = self.evaluate(argument)
        if function == "Fn::Join":
            return argument[0].join(argument[1])
        if function == "Fn::Split":
            return argument[1].split(argument[0])
        if function == "Fn::Select":
            return argument[1][int(argument[0])]
        raise Invalid(f"{function} is not understood")

    def variable(self, name, own):
        if name in own:
            return self.evaluate(own[name])
        return self.call("Fn::GetAtt", name) if "." in name else self.reference(name)

    def reference(self, name):
        if name == "AWS::NoValue":
            return NOTHING
        if name in self.parameters:
            return self.parameters[name]
        return PSEUDO[name] if name in PSEUDO else self.existing(name)

    def existing(self, name):
        # While conditions are still being read, nothing may be referred to but parameters.
        if name not in self.template["Resources"] or not self.exists[name]:
            raise Invalid(f"{name} is referred to, and does not exist")
        return name
