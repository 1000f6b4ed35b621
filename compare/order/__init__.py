"""Order-dependence: candidates that agree alone and differed in the full suite are rerun behind and ahead of their predecessors."""

from compare.order.investigation import Investigation, investigated, suspected
from compare.order.outcome import OrderOutcome, OrderState
from compare.order.task import Answer, Task

__all__ = ["Answer", "Investigation", "OrderOutcome", "OrderState", "Task", "investigated", "suspected"]
