"""The addresses of a person's views of a company's lists; the company's identifier stands before them."""

from django.urls import path

from fleetportal.saving import pages

app_name = "views"

urlpatterns = [
    path("new/", pages.CompanyNewView.as_view(), name="new"),
    path("<int:pk>/", pages.CompanyChangeView.as_view(), name="change"),
    path("<int:pk>/delete/", pages.CompanyDeleteView.as_view(), name="delete"),
]
