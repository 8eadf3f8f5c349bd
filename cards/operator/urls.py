"""The addresses of the operator's area."""

from django.urls import include, path

from cards.operator import addresses, files, products, views
from cards.views.documents import DocumentOfAll
from fleetportal import operations
from fleetportal.saving import pages as saved

app_name = "operator"

urlpatterns = [
    path("", include("accounts.operator_urls")),
    path("", views.OperatorHome.as_view(), name="home"),
    path("requests/", views.OperatorRequests.as_view(), name="requests"),
    path("requests/<int:pk>/", views.RequestOfAll.as_view(), name="request"),
    path("documents/<int:pk>/", DocumentOfAll.as_view(), name="document"),
    path("produce/", views.Produce.as_view(), name="produce"),
    path("code-addresses/", addresses.CodeAddressList.as_view(), name="code_addresses"),
    path("code-addresses/<int:pk>/", addresses.CodeAddressDetail.as_view(), name="code_address"),
    path("code-addresses/<int:pk>/change/", addresses.CodeAddressEdit.as_view(), name="code_address_change"),
    path("code-addresses/letters/<int:pk>/", addresses.CodeAddressLetter.as_view(), name="code_address_letter"),
    path("batches/", views.BatchList.as_view(), name="batches"),
    path("batches/<int:pk>/", views.BatchDetail.as_view(), name="batch"),
    path("files/", files.FileList.as_view(), name="files"),
    path("files/<int:pk>/", files.FileDetail.as_view(), name="file"),
    path("files/<int:pk>/settle/", files.FileSettle.as_view(), name="settle_file"),
    path("lines/<int:pk>/settle/", files.LineSettle.as_view(), name="settle_line"),
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
