"""The address of the search box's results; the company's identifier stands before it."""

from django.urls import path

from fleetportal.core.pages.searching import SearchPage

app_name = "finder"

urlpatterns = [path("", SearchPage.as_view(), name="search")]
