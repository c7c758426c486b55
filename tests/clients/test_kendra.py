"""boto3 against Kendra on the local machine."""

from support import LocalAwsTest, client, fault

INDEX = "00000000-0000-4000-8000-000000000001"
QUESTION = "How tall is the lighthouse of Quillport?"


class Kendra(LocalAwsTest):
    def setUp(self):
        super().setUp()
        self.kendra = client("kendra")

    def put(self, name, text, **more):
        document = {"Id": name, "Title": name, "ContentType": "PLAIN_TEXT", "Blob": text.encode(), **more}
        answer = self.kendra.batch_put_document(IndexId=INDEX, Documents=[document])
        self.assertEqual(answer["FailedDocuments"], [])
        self.addCleanup(self.kendra.batch_delete_document, IndexId=INDEX, DocumentIdList=[name])

    def found(self, operation, **more):
        items = operation(IndexId=INDEX, QueryText=QUESTION, **more)["ResultItems"]
        return [item["DocumentId"] for item in items]

    def test_what_is_put_is_retrieved(self):
        text = "The lighthouse of Quillport is 41 metres tall."
        attributes = [{"Key": "_source_uri", "Value": {"StringValue": "https://example.org/quillport"}}]
        self.put("quillport", text, Attributes=attributes)
        item = self.kendra.retrieve(IndexId=INDEX, QueryText=QUESTION)["ResultItems"][0]
        self.assertEqual((item["DocumentId"], item["Content"]), ("quillport", text))
        self.assertEqual(item["DocumentURI"], "https://example.org/quillport")
        self.assertIn(item["ScoreAttributes"]["ScoreConfidence"], {"VERY_HIGH", "HIGH", "MEDIUM"})

        asked = {"IndexId": INDEX, "DocumentInfoList": [{"DocumentId": "quillport"}, {"DocumentId": "nowhere"}]}
        statuses = self.kendra.batch_get_document_status(**asked)["DocumentStatusList"]
        self.assertEqual([status["DocumentStatus"] for status in statuses], ["INDEXED", "NOT_FOUND"])

    def test_filters_and_access_control_are_applied(self):
        owner = [{"Key": "owner_of_tower", "Value": {"StringValue": "harbour"}}]
        nobody = [{"Name": "keepers", "Type": "GROUP", "Access": "ALLOW"}]
        self.put("tower", "The lighthouse of Quillport is tall.", Attributes=owner)
        self.put("secret", "The lighthouse of Quillport is really tall.", Attributes=owner, AccessControlList=nobody)
        equals = {"EqualsTo": {"Key": "owner_of_tower", "Value": {"StringValue": "harbour"}}}
        for operation in (self.kendra.retrieve, self.kendra.query):
            stranger = self.found(operation, AttributeFilter=equals, UserContext={"UserId": "stranger"})
            self.assertEqual(set(stranger), {"tower"})
            keeper = self.found(operation, AttributeFilter=equals, UserContext={"UserId": "k", "Groups": ["keepers"]})
            self.assertEqual(set(keeper), {"tower", "secret"})
            self.assertEqual(set(self.found(operation, AttributeFilter={"NotFilter": equals})) & {"tower", "secret"}, set())

    def test_feedback_is_about_a_result(self):
        self.put("quillport", "The lighthouse of Quillport is 41 metres tall.")
        found = self.kendra.query(IndexId=INDEX, QueryText=QUESTION)
        relevant = [{"ResultId": found["ResultItems"][0]["Id"], "RelevanceValue": "RELEVANT"}]
        feedback = {"IndexId": INDEX, "QueryId": found["QueryId"], "RelevanceFeedbackItems": relevant}
        self.kendra.submit_feedback(**feedback)
        error = self.error_of(self.kendra.submit_feedback, **{**feedback, "QueryId": "another"})
        self.assertIsInstance(error, self.kendra.exceptions.ValidationException)

    def test_errors_have_their_classes(self):
        unknown = {"IndexId": INDEX.replace("0", "1"), "QueryText": QUESTION}
        error = self.error_of(self.kendra.retrieve, **unknown)
        self.assertIsInstance(error, self.kendra.exceptions.ResourceNotFoundException)
        self.assertIn("does not exist", error.response["Error"]["Message"])
        error = self.error_of(self.kendra.query, IndexId=INDEX, QueryText="x" * 1001)
        self.assertIsInstance(error, self.kendra.exceptions.ValidationException)
        fault("kendra", "Query", {"code": "ThrottlingException"})
        error = self.error_of(self.kendra.query, IndexId=INDEX, QueryText=QUESTION)
        self.assertIsInstance(error, self.kendra.exceptions.ThrottlingException)
        error = self.error_of(self.kendra.list_thesauri, IndexId=INDEX)
        self.assertEqual(error.response["ResponseMetadata"]["HTTPStatusCode"], 501)
