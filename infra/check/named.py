"""The words of matrix/*.yaml: what each stands for in one stage, and how a line becomes a request."""

from resolve import ACCOUNT, REGION

# Stage → (the one before, the one after), and the accounts of those.
STAGES = {"dev": ("", "test"), "test": ("dev", "prod"), "prod": ("test", "")}
BEFORE, AFTER = "444455556666", "777788889999"

# What the templates are told of other registries: buckets of models, and the secret that MLflow signs with.
ARTIFACTS = f"arn:aws:s3:::sagemaker-{REGION}-{ACCOUNT},arn:aws:s3:::mlflow-artifacts"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:tidegate/mlflow-AbCdEf"


class Named:
    """What the words of the matrix stand for in one stage."""

    def __init__(self, stage, account=ACCOUNT):
        self.stage, self.account, self.prefix = stage, account, f"tidegate-{stage}"
        self.before, self.after = STAGES[stage]

    def bucket(self, name, stage=None, account=None):
        return f"arn:aws:s3:::tidegate-{stage or self.stage}-{name}-{account or self.account}-{REGION}"

    def arn(self, word):
        """(ARN, account that owns it)."""
        kind, _, name = word.partition(":")
        here = f"{REGION}:{self.account}"
        simple = {
            "*": "*",
            "queue": f"arn:aws:sqs:{here}:{self.prefix}-{name}",
            "topic": f"arn:aws:sns:{here}:{self.prefix}-{name}",
            "table": f"arn:aws:dynamodb:{here}:table/{self.prefix}-registry",
            "stream": f"arn:aws:dynamodb:{here}:table/{self.prefix}-registry/stream/2026-01-01T00:00:00.000",
            "function": f"arn:aws:lambda:{here}:function:{self.prefix}-{name}",
            "log-group": f"arn:aws:logs:{here}:log-group:/aws/lambda/{self.prefix}-{name}",
            "log-stream": f"arn:aws:logs:{here}:log-group:/aws/lambda/{self.prefix}-{name}:log-stream:2026",
            "role": f"arn:aws:iam::{self.account}:role/{self.prefix}-{name}",
            "policy": f"arn:aws:iam::{self.account}:policy/{self.prefix}-{name}",
            "group": f"arn:aws:iam::{self.account}:group/tidegate/{self.stage}/{self.prefix}-{name}",
            "schedule": f"arn:aws:scheduler:{here}:schedule/{self.prefix}/{self.prefix}-{name}",
            "workgroup": f"arn:aws:athena:{here}:workgroup/{self.prefix}" + (f"-{name}" if name else ""),
            "database": f"arn:aws:glue:{here}:database/tidegate_{self.stage}",
            "glue-table": f"arn:aws:glue:{here}:table/tidegate_{self.stage}/{name}",
            "catalog": f"arn:aws:glue:{here}:catalog",
            "stack": f"arn:aws:cloudformation:{here}:stack/{self.prefix}/1",
            "roles-stack": f"arn:aws:cloudformation:{here}:stack/roles-of-tidegate/1",
            "other-stack": f"arn:aws:cloudformation:{here}:stack/payments/1",
            "sam-stack": f"arn:aws:cloudformation:{here}:stack/aws-sam-cli-managed-default/1",
            "transform": f"arn:aws:cloudformation:{REGION}:aws:transform/Serverless-2016-10-31",
            "endpoint": f"arn:aws:sagemaker:{here}:endpoint/{name}",
            "alarm": f"arn:aws:cloudwatch:{here}:alarm:{self.prefix}-{name}",
            "rule": f"arn:aws:events:{here}:rule/{self.prefix}/{self.prefix}-{name}",
            "default-rule": f"arn:aws:events:{here}:rule/{self.prefix}-{name}",
            "secret": SECRET if name == "mlflow" else f"arn:aws:secretsmanager:{here}:secret:{name}-AbCdEf",
            "dashboard": f"arn:aws:cloudwatch::{self.account}:dashboard/{self.prefix}",
            "machine": f"arn:aws:states:{here}:stateMachine:{self.prefix}-{name}",
            "execution": f"arn:aws:states:{here}:execution:{self.prefix}-{name}:1",
            "batch": f"arn:aws:states:{here}:execution:{self.prefix}-{name}/Objects:1",
            "map-run": f"arn:aws:states:{here}:mapRun:{self.prefix}-{name}/1:1",
        }
        if word == "bus:next":
            return f"arn:aws:events:{REGION}:{AFTER}:event-bus/tidegate-{self.after}", AFTER
        if word == "bus":
            return f"arn:aws:events:{here}:event-bus/{self.prefix}", self.account
        if word == "key:before":
            return f"arn:aws:kms:{REGION}:{BEFORE}:key/Key", BEFORE
        if word == "key:artifacts": # a key of the account that is none of the stack's
            return f"arn:aws:kms:{here}:key/Artifacts", self.account
        if kind == "key":
            return f"arn:aws:kms:{here}:key/" + {"data": "Key", "links": "LinkKey", "audit": "SigningKey"}[name], self.account
        if kind in simple:
            return simple[kind], self.account
        room, slash, key = word.partition("/")
        if room == "before":
            return self.bucket("lake", self.before, BEFORE) + slash + key, BEFORE
        bucket = {"sam": f"arn:aws:s3:::aws-sam-cli-managed-default-samclisourcebucket-{self.account}", "other": f"arn:aws:s3:::payments-{self.account}"} | dict(zip(("artifacts", "mlflow"), ARTIFACTS.split(","), strict=True))
        bucket = bucket.get(room)
        if bucket is None and room not in {"logs", "models", "lake", "audit", "answers"}:
            raise ValueError(f"found {word!r} in the matrix, expected a bucket's room or a kind of resource")
        return (bucket or self.bucket(room)) + slash + key, self.account

    def request(self, call):
        """(action, ARN, owner, context) of a line of the matrix."""
        action, word, *said = call.split(" ")
        context = {}
        while said:
            how, what, *said = said
            if how == "via":
                context["kms:ViaService"] = f"{what}.{REGION}.amazonaws.com"
                if what == "dynamodb":
                    context["kms:EncryptionContext:aws:dynamodb:tableName"] = f"{self.prefix}-registry"
                elif said and said[0] != "with":
                    through, *said = said
                    context["kms:EncryptionContext:aws:s3:arn"] = self.arn(through)[0]
            elif how == "inside":
                context["dynamodb:EnclosingOperation"] = [what]
            elif how == "to":
                context["iam:PassedToService"] = f"{what}.amazonaws.com"
            elif how == "with":
                name, value = what.split("=", 1)
                if value.startswith(("{role:", "{policy:")):
                    value = self.arn(value[1:-1])[0]
                value = value.replace("{stage}", self.stage)
                context[name] = [value] if name == "kms:ResourceAliases" else value
            else:
                raise ValueError(f"{call}: found {how!r}, expected via, inside, to or with")
        return (action, *self.arn(word), context)
