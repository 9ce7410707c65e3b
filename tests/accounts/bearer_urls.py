"""A small API behind the real authentication, permission and middleware."""

from django.urls import include, path
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.roles import Capability


class Probe(APIView):
    capabilities = {"get": Capability.VIEW_RADIOGRAPHS, "post": Capability.ADD_RADIOGRAPHS}

    def get(self, request):
        return Response({"user": request.user.email})

    def post(self, request):
        return Response({"user": request.user.email}, status=201)

    def delete(self, request):
        raise AssertionError("no capability is declared for this method")


urlpatterns = [path("api/probe/", Probe.as_view()), path("", include("config.urls"))]
