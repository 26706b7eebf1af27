"""Cases: the unit of human work, one subject with all that concerns them."""

from tutela.cases.alerts import put_alert

__all__ = ["put_alert"]
