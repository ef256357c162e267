"""The stack's schedules, fired at a time of our own choosing."""

import datetime
import itertools

NUMBERS = itertools.count(1)


def hold(account):
    """Stops the stack's own schedules: who plays in 2013 must not be told at five past that this year has no logs."""
    scheduler, group = account.client("scheduler"), f"tidegate-{account.stage}"
    for listed in scheduler.list_schedules(GroupName=group)["Schedules"]:
        said = scheduler.get_schedule(GroupName=group, Name=listed["Name"])
        kept = ("GroupName", "Name", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target", "Description")
        scheduler.update_schedule(State="DISABLED", **{name: said[name] for name in kept if name in said})


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
