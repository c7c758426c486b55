"""boto3 against Athena on the local machine."""

import time
import uuid

from support import LocalAwsTest, client, fault

QUERY = """
    SELECT CAST(1 AS integer) AS number, 'one' AS name, DATE '2024-02-29' AS day,
           CAST('1.50' AS decimal(3, 2)) AS price, true AS known
    UNION ALL SELECT CAST(2 AS integer), NULL, NULL, NULL, NULL
    ORDER BY 1
"""
ENDLESS = """
    SELECT count(*)
    FROM UNNEST(sequence(1, 10000)) AS a (x), UNNEST(sequence(1, 10000)) AS b (y), UNNEST(sequence(1, 10000)) AS c (z)
    WHERE x + y + z < 0
"""


class Athena(LocalAwsTest):
    def setUp(self):
        super().setUp()
        self.athena = client("athena")

    def start(self, query, **more):
        return self.athena.start_query_execution(QueryString=query, **more)["QueryExecutionId"]

    def ended(self, identifier):
        for _ in range(600):
            execution = self.athena.get_query_execution(QueryExecutionId=identifier)["QueryExecution"]
            if execution["Status"]["State"] not in {"QUEUED", "RUNNING"}:
                return execution
            time.sleep(0.05)
        self.fail(f"{identifier} does not end")

    def test_a_query_is_run_and_read(self):
        identifier = self.start(QUERY)
        execution = self.ended(identifier)
        self.assertEqual(execution["Status"]["State"], "SUCCEEDED", execution["Status"])
        self.assertEqual((execution["Query"], execution["StatementType"]), (QUERY, "DML"))
        self.assertGreaterEqual(execution["Status"]["CompletionDateTime"], execution["Status"]["SubmissionDateTime"])

        answer = self.athena.get_query_results(QueryExecutionId=identifier)
        rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in answer["ResultSet"]["Rows"]]
        self.assertEqual(rows[0], ["number", "name", "day", "price", "known"])
        self.assertEqual(rows[1:], [["1", "one", "2024-02-29", "1.50", "true"], ["2", None, None, None, None]])
        columns = answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        types = [(column["Type"], column["Precision"], column["Scale"]) for column in columns]
        self.assertEqual([kind for kind, _, _ in types], ["integer", "varchar", "date", "decimal", "boolean"])
        self.assertEqual(types[3], ("decimal", 3, 2))

    def test_pages_are_followed(self):
        identifier = self.start("SELECT x FROM UNNEST(sequence(1, 2500)) AS t (x) ORDER BY x")
        self.ended(identifier)
        pages = list(self.athena.get_paginator("get_query_results").paginate(QueryExecutionId=identifier))
        values = [row["Data"][0]["VarCharValue"] for page in pages for row in page["ResultSet"]["Rows"]]
        self.assertEqual(values, ["x"] + [str(number) for number in range(1, 2501)])
        self.assertEqual([len(page["ResultSet"]["Rows"]) for page in pages], [1000, 1000, 501])

    def test_results_are_in_s3(self):
        identifier = self.start("SELECT 'a \"quote\"' AS text")
        location = self.ended(identifier)["ResultConfiguration"]["OutputLocation"]
        self.assertEqual(location, f"s3://athena-results/{identifier}.csv")
        self.addCleanup(client("s3").delete_object, Bucket="athena-results", Key=f"{identifier}.csv")
        body = client("s3").get_object(Bucket="athena-results", Key=f"{identifier}.csv")["Body"].read()
        self.assertEqual(body, b'"text"\n"a ""quote"""\n')

    def test_a_query_fails_with_its_reason(self):
        status = self.ended(self.start("SELECT 1 / 0"))["Status"]
        self.assertEqual(status["State"], "FAILED")
        self.assertIn("DIVISION_BY_ZERO", status["StateChangeReason"])
        self.assertEqual((status["AthenaError"]["ErrorCategory"], status["AthenaError"]["Retryable"]), (2, False))

    def test_a_query_is_stopped(self):
        identifier = self.start(ENDLESS)
        self.athena.stop_query_execution(QueryExecutionId=identifier)
        self.assertEqual(self.ended(identifier)["Status"]["State"], "CANCELLED")

    def test_a_token_stands_for_one_query(self):
        token = str(uuid.uuid4())
        identifier = self.start("SELECT 1", ClientRequestToken=token)
        self.assertEqual(self.start("SELECT 1", ClientRequestToken=token), identifier)
        error = self.error_of(self.athena.start_query_execution, QueryString="SELECT 2", ClientRequestToken=token)
        self.assertEqual(error.response["AthenaErrorCode"], "IDEMPOTENT_PARAMETER_MISMATCH")

    def test_the_catalog_is_listed(self):
        listed = self.athena.list_databases(CatalogName="AwsDataCatalog")["DatabaseList"]
        self.assertIsInstance(listed, list)
        nowhere = {"CatalogName": "AwsDataCatalog", "DatabaseName": "nowhere"}
        error = self.error_of(self.athena.list_table_metadata, **nowhere)
        self.assertIsInstance(error, self.athena.exceptions.MetadataException)
        group = self.athena.get_work_group(WorkGroup="primary")["WorkGroup"]
        self.assertEqual((group["Name"], group["State"]), ("primary", "ENABLED"))

    def test_errors_have_their_classes(self):
        error = self.error_of(self.athena.get_query_results, QueryExecutionId="nowhere")
        self.assertIsInstance(error, self.athena.exceptions.InvalidRequestException)
        self.assertEqual(error.response["Error"]["Message"], "QueryExecution nowhere was not found")
        error = self.error_of(self.athena.start_query_execution, QueryString="SELECT 1", WorkGroup="nowhere")
        self.assertIsInstance(error, self.athena.exceptions.InvalidRequestException)
        fault("athena", "StartQueryExecution", {"code": "TooManyRequestsException"})
        error = self.error_of(self.athena.start_query_execution, QueryString="SELECT 1")
        self.assertIsInstance(error, self.athena.exceptions.TooManyRequestsException)
        error = self.error_of(self.athena.list_named_queries)
        self.assertEqual(error.response["ResponseMetadata"]["HTTPStatusCode"], 501)
