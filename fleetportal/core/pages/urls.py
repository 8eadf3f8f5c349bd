"""The addresses of a person's views of a company's lists; the company's identifier stands before them."""

from django.urls import path

from fleetportal.core.pages import saved

app_name = "views"

urlpatterns = [
    path("new/", saved.CompanyNewView.as_view(), name="new"),
    path("<int:pk>/", saved.CompanyChangeView.as_view(), name="change"),
    path("<int:pk>/delete/", saved.CompanyDeleteView.as_view(), name="delete"),
]
