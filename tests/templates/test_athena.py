"""athena.yaml, and what template.yaml allows the function that asks, with the parameters that matter."""

import json
import re
import unittest

from stack import Invalid, Stack, template

ATHENA = template("athena.yaml")
MAIN = template("template.yaml")
KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000"
DATA_KEY = "arn:aws:kms:us-east-1:123456789012:key/1a1b2c3d-0000-4000-8000-000000000000"
SAMPLE = {"SampleDatabase": "retail"}
OWN = {
    "QueryDatabases": "sales,staff",
    "QueryDataBuckets": "example-lake,example-hr",
    "QueryDataLocations": "example-lake/sales/,example-hr/",
}
GOVERNED = {"QueryDatabases": "sales", "UsesLakeFormation": "true"}
KEYS = {"QueryKeyArn": KEY, "QueryDataKeyArn": DATA_KEY}
COMBINATIONS = [
    {**databases, **keys} for databases in (SAMPLE, OWN, GOVERNED, {**SAMPLE, **OWN}) for keys in ({}, KEYS)
]
THROUGH_ATHENA = {"ForAnyValue:StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}}
BUCKET = "arn:aws:s3:::Athena.Outputs.BucketName"


def statements(stack):
    """What the function may do, but for its memory, its log and its models."""
    policies = stack.resources["NlqRole"]["Properties"]["Policies"]
    chosen = [it for it in policies if it["PolicyName"] in ("queries", "catalog", "data")]
    return [statement for policy in chosen for statement in policy["PolicyDocument"]["Statement"]]


def listed(value):
    return value if isinstance(value, list) else [value]


def resources_of(stack, action):
    """Resource by resource, under which condition."""
    return {
        resource: statement.get("Condition")
        for statement in statements(stack)
        if action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


class AthenaStack(unittest.TestCase):
    def test_every_parameter_and_condition_is_used(self):
        stacks = [Stack(ATHENA, **it) for it in ({}, {**SAMPLE, "QueryKeyArn": KEY})]
        text = json.dumps([ATHENA["Resources"], ATHENA["Conditions"]])
        for name in ATHENA["Parameters"]:
            self.assertRegex(text, rf'"Ref": "{name}"|\$\{{{name}\}}')
        self.assertEqual(stacks[0].asked | stacks[1].asked, {*ATHENA["Conditions"]})

    def test_the_workgroup_has_the_last_word(self):
        for key in ("", KEY):
            (group,) = Stack(ATHENA, ScanLimitMb=250, QueryKeyArn=key).of_type("AWS::Athena::WorkGroup").values()
            settings = group["Properties"]["WorkGroupConfiguration"]
            self.assertTrue(settings["EnforceWorkGroupConfiguration"])
            self.assertEqual(settings["BytesScannedCutoffPerQuery"], "250000000")
            results = settings["ResultConfiguration"]
            self.assertEqual(results["OutputLocation"], "s3://Bucket/results/")
            encryption = {"EncryptionOption": "SSE_KMS", "KmsKey": KEY} if key else {"EncryptionOption": "SSE_S3"}
            self.assertEqual(results["EncryptionConfiguration"], encryption)

    def test_results_and_nothing_else_expire(self):
        bucket = Stack(ATHENA, ResultsRetentionDays=3).resources["Bucket"]["Properties"]
        (rule,) = bucket["LifecycleConfiguration"]["Rules"]
        self.assertEqual((rule["Prefix"], rule["ExpirationInDays"]), ("results/", "3"))
        self.assertNotIn("VersioningConfiguration", bucket)
        self.assertTrue(all(bucket["PublicAccessBlockConfiguration"].values()))

    def test_there_is_a_sample_database_where_it_has_a_name(self):
        self.assertEqual(Stack(ATHENA).of_type("AWS::Glue::Database"), {})
        stack = Stack(ATHENA, SampleDatabase="shop")
        (database,) = stack.of_type("AWS::Glue::Database").values()
        self.assertEqual(database["Properties"]["DatabaseInput"]["Name"], "shop")
        tables = stack.of_type("AWS::Glue::Table")
        self.assertGreaterEqual(len(tables), 6)
        for table in tables.values():
            self.assertEqual(table["Properties"]["DatabaseName"], "Sample")
            definition = table["Properties"]["TableInput"]
            storage = definition["StorageDescriptor"]
            self.assertEqual(storage["Location"], f"s3://Bucket/retail/{definition['Name']}/")
            self.assertIn("ParquetHiveSerDe", storage["SerdeInfo"]["SerializationLibrary"])

    def test_a_limit_below_athenas_is_refused(self):
        self.assertEqual(ATHENA["Parameters"]["ScanLimitMb"]["MinValue"], 10)
        for refused in ({"SampleDatabase": "my-shop"}, {"SampleDatabase": "Retail"}):
            with self.subTest(**refused), self.assertRaises(Invalid):
                Stack(ATHENA, **refused)


class NlqInTheMainStack(unittest.TestCase):
    def test_parameters_of_both_templates_are_the_same(self):
        for name, declaration in ATHENA["Parameters"].items():
            self.assertEqual(declaration, MAIN["Parameters"][name], name)

    def test_without_a_database_nothing_is_made(self):
        stack = Stack(MAIN)
        made = [name for name in (*stack.resources, *stack.outputs) if re.match("Nlq|Athena|Query", name)]
        self.assertEqual(made, [])

    def test_the_inner_stack_gives_what_the_outer_one_takes(self):
        for parameters in COMBINATIONS:
            with self.subTest(**parameters):
                outer = Stack(MAIN, **parameters)
                self.assertIn("NlqFunction", outer.resources)
                (inner,) = outer.of_type("AWS::CloudFormation::Stack").values()
                given = inner["Properties"]["Parameters"]
                self.assertEqual(given.keys(), ATHENA["Parameters"].keys())
                outputs = Stack(ATHENA, **given).outputs
                taken = re.findall(r"Athena\.Outputs\.(\w+)", json.dumps([outer.resources, outer.outputs]))
                self.assertEqual({*taken}, {*outputs})
                self.assertIn("NlqRole", outer.resources["ModelPolicy"]["Properties"]["Roles"])

    def test_the_function_knows_its_databases(self):
        for parameters, databases in [
            (SAMPLE, "retail"),
            (OWN, "sales,staff"),
            ({**SAMPLE, **OWN}, "sales,staff,retail"),
        ]:
            function = Stack(MAIN, **parameters).resources["NlqFunction"]["Properties"]
            variables = function["Environment"]["Variables"]
            self.assertEqual(variables["ATHENA_DATABASES"], databases)
            self.assertEqual(variables["SEMANTIC_LAYER"], "s3://Athena.Outputs.BucketName/layers/")

    def test_it_asks_one_workgroup_and_one_catalog(self):
        for parameters in COMBINATIONS:
            allowed = {
                action: [*resources_of(Stack(MAIN, **parameters), action)]
                for statement in statements(Stack(MAIN, **parameters))
                for action in listed(statement["Action"])
                if action.startswith("athena:")
            }
            athena = "arn:aws:athena:us-east-1:123456789012"
            workgroup = [f"{athena}:workgroup/Athena.Outputs.WorkgroupName"]
            self.assertEqual(
                allowed,
                {
                    "athena:GetQueryExecution": workgroup,
                    "athena:GetQueryResults": workgroup,
                    "athena:StartQueryExecution": workgroup,
                    "athena:StopQueryExecution": workgroup,
                    "athena:ListTableMetadata": [f"{athena}:datacatalog/AwsDataCatalog"],
                },
            )

    def test_it_reads_the_descriptions_of_its_databases_only(self):
        found = resources_of(Stack(MAIN, **SAMPLE, **OWN), "glue:GetTables")
        databases = ["default", "sales", "staff", "retail"]
        glue = "arn:aws:glue:*:*"
        expected = [f"{glue}:catalog", *(f"{glue}:database/{name}" for name in databases)]
        self.assertEqual([*found], [*expected, *(f"{glue}:table/{name}/*" for name in databases[1:])])
        here = {"StringEquals": {"aws:RequestedRegion": "us-east-1", "aws:ResourceAccount": "123456789012"}}
        self.assertTrue(all(condition == here for condition in found.values()))
        for statement in statements(Stack(MAIN, **SAMPLE)):
            for action in listed(statement["Action"]):
                self.assertRegex(action, "^(athena|s3):|^glue:(BatchGet|Get)")

    def test_athena_reads_the_data_for_it_and_the_function_only_semantic_layers(self):
        layers = {f"{BUCKET}/layers/*": None}
        results = {f"{BUCKET}/results/*": THROUGH_ATHENA}
        sample = {f"{BUCKET}/retail/*": THROUGH_ATHENA}
        own = {"arn:aws:s3:::example-lake/sales/*": THROUGH_ATHENA, "arn:aws:s3:::example-hr/*": THROUGH_ATHENA}
        for parameters, data in [(SAMPLE, sample), (OWN, own), (GOVERNED, {}), ({**SAMPLE, **OWN}, {**sample, **own})]:
            with self.subTest(**parameters):
                stack = Stack(MAIN, **parameters)
                self.assertEqual(resources_of(stack, "s3:GetObject"), {**layers, **results, **data})
                self.assertEqual(resources_of(stack, "s3:PutObject"), results)
        self.assertEqual(
            resources_of(Stack(MAIN, **OWN), "s3:ListBucket"),
            {
                BUCKET: None,
                "arn:aws:s3:::example-lake": THROUGH_ATHENA,
                "arn:aws:s3:::example-hr": THROUGH_ATHENA,
            },
        )

    def test_keys_open_what_is_in_s3(self):
        through_s3 = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
        stack = Stack(MAIN, **OWN, **KEYS)
        self.assertEqual(resources_of(stack, "kms:Decrypt"), {KEY: through_s3, DATA_KEY: through_s3})
        self.assertEqual(resources_of(stack, "kms:GenerateDataKey"), {KEY: through_s3})
        self.assertEqual(resources_of(Stack(MAIN, **OWN), "kms:Decrypt"), {})

    def test_lake_formation_is_asked_where_it_decides(self):
        self.assertEqual(resources_of(Stack(MAIN, **GOVERNED), "lakeformation:GetDataAccess"), {"*": None})
        self.assertEqual(resources_of(Stack(MAIN, **OWN), "lakeformation:GetDataAccess"), {})

    def test_what_cannot_be_read_is_refused(self):
        for refused in [
            {"QueryDatabases": "sales"},
            {"QueryDatabases": "sales", "QueryDataBuckets": "example-lake"},
            {"QueryDatabases": "sales", "QueryDataLocations": "example-lake/sales/"},
            {**OWN, "QueryDataLocations": "example-lake/*"},
            {**OWN, "QueryDatabases": "sales, staff"},
        ]:
            with self.subTest(**refused), self.assertRaises(Invalid):
                Stack(MAIN, **refused)


if __name__ == "__main__":
    unittest.main()
