"""The stack's schedules, fired at a time of our own choosing."""

import datetime
import itertools

NUMBERS = itertools.count(1)


def fire(account, schedule, at):
    """Has EventBridge Scheduler fire once more what a schedule of the stack fires: the same target, role and input, for another scheduled time."""
    scheduler = account.client("scheduler")
    group, name = f"tidegate-{account.stage}", f"tidegate-{account.stage}-{schedule}"
    deployed = scheduler.get_schedule(GroupName=group, Name=name)
    target = {**deployed["Target"], "Input": deployed["Target"]["Input"].replace("<aws.scheduler.scheduled-time>", at)}
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    scheduler.create_schedule(
        GroupName=group,
        Name=f"{name}-once-{next(NUMBERS)}",
        ScheduleExpression=f"at({now})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target=target,
    )
