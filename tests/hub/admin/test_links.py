"""Lists link to the record in both systems, at the pages that the connection names."""

from __future__ import annotations

import pytest

from hub.admin.links import source_link, target_link
from hub.models import Connection
from tests import factories

pytestmark = pytest.mark.django_db


def test_the_page_that_a_connection_names_is_linked() -> None:
    delivery = factories.delivery(factories.flow(), "delivered", target_key="SO 1/2")
    Connection.objects.filter(pk=delivery.flow.target_id).update(settings={"page_sales_orders": "https://erp.example/orders/{key}"})
    delivery.refresh_from_db()
    assert target_link(delivery) == "https://erp.example/orders/SO%201%2F2"


def test_a_page_that_is_no_web_address_is_not_linked() -> None:
    delivery = factories.delivery(factories.flow(), "delivered")
    Connection.objects.filter(pk=delivery.flow.source_id).update(settings={"page_orders": "javascript:alert({key})"})
    delivery.refresh_from_db()
    assert "javascript" not in source_link(delivery)
