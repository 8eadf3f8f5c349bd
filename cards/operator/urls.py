"""The addresses of the operator's area."""

from django.urls import include, path

from cards.operator import products, views
from cards.views.documents import DocumentOfAll
from fleetportal import operations
from fleetportal.core.pages import saved

app_name = "operator"

urlpatterns = [
    path("", include("accounts.operator_urls")),
    path("", views.OperatorHome.as_view(), name="home"),
    path("requests/", views.OperatorRequests.as_view(), name="requests"),
    path("requests/<int:pk>/", views.RequestOfAll.as_view(), name="request"),
    path("documents/<int:pk>/", DocumentOfAll.as_view(), name="document"),
    path("produce/", views.Produce.as_view(), name="produce"),
    path("batches/", views.BatchList.as_view(), name="batches"),
    path("batches/<int:pk>/", views.BatchDetail.as_view(), name="batch"),
    path("files/", views.FileList.as_view(), name="files"),
    path("files/<int:pk>/", views.FileDetail.as_view(), name="file"),
    path("products/", products.ProductList.as_view(), name="products"),
    path("products/<int:pk>/", products.ProductRules.as_view(), name="product"),
    path("work/", operations.WorkList.as_view(), name="work"),
    path("work/<int:pk>/retry/", operations.WorkRetry.as_view(), name="retry"),
    path("views/new/", saved.OperatorNewView.as_view(), name="view_new"),
    path("views/<int:pk>/", saved.OperatorChangeView.as_view(), name="view_change"),
    path("views/<int:pk>/delete/", saved.OperatorDeleteView.as_view(), name="view_delete"),
    path("mail/", operations.MailList.as_view(), name="mail"),
    path("mail/demonstration/", operations.CaughtMailList.as_view(), name="caught"),
]
