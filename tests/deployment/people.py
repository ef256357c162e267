"""Everybody of `roles.yaml`, in every account: each call of infra/check/matrix/people.yaml, made for real, must be answered or denied as the table says.

Whoever is allowed gets an answer, or hears what `ANSWERED` says of something that is not there; whoever is not is denied, and hears nothing else.
"""

from pathlib import Path

import yaml
from botocore.exceptions import ClientError
from calls import ANSWERED, UNASKED, At, call
from emulator import REGION
from named import Named

MATRIX = Path(__file__).resolve().parent.parent.parent / "infra/check/matrix/people.yaml"
DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
MEMBERS = ("data-scientist", "data-engineer")  # who come by the groups of groups.yaml
ROLES = (*MEMBERS, "mlops-engineer", "pipeline", "deploy")


class Account:
    """One account with everybody in it: what they are called, what they touch, and what they hear."""

    def __init__(self, account):
        self.account, self.named = account, Named(account.stage, account.number)
        out = account.outputs
        self.keys = {"Key": out["KeyArn"], "LinkKey": out["LinkKeyArn"], "SigningKey": out["SigningKeyArn"]}
        self.members = {}

    def at(self, line):
        """(action, what it is about) of a line of the matrix."""
        action, arn, _, said = self.named.request(line)
        name = arn.rpartition(":key/")[2]
        return action, At(self.keys.get(name, arn), self.account, said)

    def prepare(self, lines):
        """Puts what they want to read, and whom they want to let in."""
        s3 = self.account.client("s3")
        for bucket in {at.bucket for action, at in map(self.at, lines) if action == "s3:GetObject"} - set(self._buckets()):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        for action, at in map(self.at, lines):
            if action in ("s3:GetObject", "s3:GetObjectVersion"):
                s3.put_object(Bucket=at.bucket, Key=at.key, Body=b"x")
        self.account.client("iam").create_user(UserName="somebody")

    def _buckets(self):
        return [bucket["Name"] for bucket in self.account.client("s3").list_buckets()["Buckets"]]

    def session(self, person):
        """What somebody works with: a member of a group becomes its role; the account itself becomes the others."""
        return self.become(person, self.member(person) if person in MEMBERS else self.account.client("sts"))

    def become(self, person, sts):
        role = self.named.arn(f"role:{person}")[0]
        return sts.assume_role(RoleArn=role, RoleSessionName=person)["Credentials"]

    def member(self, person):
        """The keys of a new user, member of the group of this name."""
        iam = self.account.client("iam")
        iam.create_user(UserName=person)
        iam.add_user_to_group(UserName=person, GroupName=f"{self.named.prefix}-{person}s")
        key = iam.create_access_key(UserName=person)["AccessKey"]
        self.members[person] = self.account.client_as("sts", key["AccessKeyId"], key["SecretAccessKey"])
        return self.members[person]

    def heard(self, session, line):
        """What somebody with this session hears of a call: an error's code, or nothing."""
        service, method, parameters = call(*self.at(line))
        client = session.get(service) or session.setdefault(service, self.account.client_as(service, *session["keys"]))
        try:
            getattr(client, method)(**parameters)
        except ClientError as refused:
            return refused.response["Error"]["Code"]
        return None


def faults(account):
    """(number of calls, calls that were answered otherwise than the table says) of an account with its stacks."""
    said = yaml.safe_load(MATRIX.read_text(encoding="utf-8"))
    rows = {name: [line for line in row["calls"] if not line.startswith(tuple(UNASKED))] for name, row in said["rows"].items()}
    here = Account(account)
    here.prepare([line for lines in rows.values() for line in lines])
    found, count = [f"{name}: no call of it is made" for name, lines in rows.items() if not lines], 0
    for person in said["people"]:
        keys = here.session(person)
        session = {"keys": (keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])}
        for name, lines in rows.items():
            may = person in said["rows"][name][account.stage]
            for line in lines:
                count += 1
                heard = here.heard(session, line)
                if not _is_right(line, may, heard):
                    found.append(f"{person} in {account.stage}: {line}: heard {heard or 'an answer'}, expected {'an answer' if may else 'to be denied'}")
    return count, found + list(_others(here))


def _is_right(line, may, heard):
    if not may:
        return heard in DENIED
    return heard is None or any(line.startswith(begins) and heard == code for begins, code in ANSWERED.items())


def _others(here):
    """Members of a group who become what they are not."""
    for person, sts in here.members.items():
        for other in set(ROLES) - {person}:
            try:
                here.become(other, sts)
            except ClientError as refused:
                if refused.response["Error"]["Code"] in DENIED:
                    continue
                raise
            yield f"{person} in {here.account.stage} became {other}"
