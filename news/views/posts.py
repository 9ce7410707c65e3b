"""Posts: read by everybody, written by administrators."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import requires
from accounts.roles import Capability
from core.http import UserRequest
from news import services
from news.forms import NewsPostForm
from news.models import NewsPost

PAGE_SIZE = 10


@login_not_required
@require_safe
def list_posts(request: HttpRequest) -> HttpResponse:
    rows = NewsPost.objects.visible_to(request.user)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "news/list.html", {"page": page})


@login_not_required
@require_safe
def detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    rows = NewsPost.objects.visible_to(request.user).select_related("author")
    return render(request, "news/detail.html", {"post": get_object_or_404(rows, pk=pk)})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.WRITE_NEWS)
def create(request: UserRequest) -> HttpResponse:
    return write(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.WRITE_NEWS)
def edit(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    return write(request, get_object_or_404(NewsPost.objects.visible_to(request.user), pk=pk))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Capability.WRITE_NEWS)
def delete(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    post = get_object_or_404(NewsPost.objects.visible_to(request.user), pk=pk)
    if request.method != "POST":
        return render(request, "news/delete.html", {"post": post})
    services.delete_post(post=post)
    messages.success(request, _("The post is deleted."))
    return redirect("news:list")


def write(request: UserRequest, post: NewsPost | None) -> HttpResponse:
    form = NewsPostForm(request.POST or None, instance=post)
    if not form.is_valid():
        status = 400 if form.is_bound else 200
        return render(request, "news/form.html", {"form": form, "post": post}, status=status)
    stored = NewsPost.objects.get(pk=post.pk) if post else None
    written = services.write_post(post=stored, author=request.user, **form.post())
    messages.success(request, _("The post is saved."))
    return redirect("news:detail", pk=written.pk)
