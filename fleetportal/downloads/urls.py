"""The addresses of *My downloads*; the company's identifier stands before them."""

from django.urls import path

from fleetportal.downloads import views

app_name = "downloads"

urlpatterns = [
    path("", views.Downloads.as_view(), name="list"),
    path("new/", views.DownloadNew.as_view(), name="new"),
    path("<int:pk>/", views.DownloadFile.as_view(), name="file"),
]
