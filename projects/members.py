"""The pages of a project's people, and the page an invitation opens."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import BaseUserCreationForm
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from projects import access, frame, membership
from projects.models import Invitation, Membership, Project, Role
from projects.models.invitation import LONGEST_DAYS

PASSWORDS = "django.contrib.auth.backends.ModelBackend"
INVITED = "invitation"  # what a session keeps while somebody logs in to accept


class InvitationForm(forms.Form):
    """What a maintainer says of an invitation."""

    role = forms.ChoiceField(choices=Role.choices, initial=Role.CONTRIBUTOR)
    days = forms.IntegerField(min_value=1, max_value=LONGEST_DAYS, initial=7)


class RoleForm(forms.Form):
    """Another role for a member."""

    role = forms.ChoiceField(choices=Role.choices)


class NewPersonForm(BaseUserCreationForm):
    """A name and a password: who comes by an invitation makes their own account.

    No e-mail address: one that nobody verified could be another's at the single sign-on.
    """


@never_cache
@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """This view will show who works on a project, and to maintainers the open invitations."""
    return _page(request, _project(request, slug))


@never_cache
@require_POST
def invitations(request: HttpRequest, slug: str) -> HttpResponse:
    """This view will make an invitation and show its link this once."""
    project = _project(request, slug, "members")
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _page(request, project, form=form)
    text = membership.invite(project, by=request.user, **form.cleaned_data)
    link = request.build_absolute_uri(reverse("projects:invitation", args=[text]))
    return _page(request, project, link=link)


@require_POST
def revocations(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will take back an open invitation."""
    project = _project(request, slug, "members")
    invitation = get_object_or_404(Invitation, project=project, pk=pk)
    if invitation.revoke():
        messages.success(request, "The link works no more.")
    else:
        messages.error(request, "It was accepted or revoked before.")
    return redirect("projects:members", slug=slug)


@require_POST
def roles(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will give a member another role."""
    member = _member(_project(request, slug, "members"), pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise BadRequest(f"role: use {', '.join(Role.values)}")
    membership.change_role(member, form.cleaned_data["role"], by=request.user)
    messages.success(request, f"{member.user} is {member.role} now.")
    return redirect("projects:members", slug=slug)


@require_http_methods(["GET", "HEAD", "POST"])
def removals(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """This view will ask whether to end a membership, and end it; anybody may leave."""
    project = _project(request, slug)
    member = _member(project, pk)
    if member.user_id != request.user.pk:
        _project(request, slug, "members")
    if request.method != "POST":
        return render(request, "projects/removal.html", {"project": project, "member": member})
    membership.remove(member, by=request.user)
    messages.success(request, f"{member.user} is no longer a member of {project}.")
    if Project.objects.visible_to(request.user).filter(pk=project.pk).exists():
        return redirect("projects:members", slug=slug)
    return redirect("home")


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, text: str) -> HttpResponse:
    """This view will let somebody join by a link: as who they are, or with a new account."""
    found = membership.find(text)
    if request.method == "POST" and request.user.is_authenticated:
        return welcome(request, membership.accept(text, request.user))
    if request.method == "POST":
        return _new_person(request, text, found)
    if not request.user.is_authenticated:
        request.session[INVITED] = found.pk
    return _invited(request, text, found, NewPersonForm())


def _new_person(request: HttpRequest, text: str, found: Invitation) -> HttpResponse:
    form = NewPersonForm(request.POST)
    if not form.is_valid():
        return _invited(request, text, found, form, status=400)
    with transaction.atomic():  # of two with one link, one account is made
        user = form.save()
        member = membership.accept(text, user)
    login(request, user, backend=PASSWORDS)
    return welcome(request, member)


def _invited(
    request: HttpRequest, text: str, found: Invitation, form: Any, status: int = 200
) -> HttpResponse:
    known = request.user.is_authenticated and found.project.memberships.filter(user=request.user)
    member = known.first() if known else None
    context = {"invitation": found, "text": text, "form": form, "member": member}
    return render(request, "projects/invitation.html", context, status=status)


def welcome(request: HttpRequest, member: Membership) -> HttpResponse:
    """This view will greet somebody who just joined."""
    request.session.pop(INVITED, None)
    messages.success(request, f"You are {member.role} of {member.project}.")
    return redirect("projects:page", slug=member.project.slug)


def _project(request: HttpRequest, slug: str, act: str = "see") -> Project:
    found = get_object_or_404(Project.objects.visible_to(request.user), slug=slug)
    if not access.allows(request.user, act, found.pk):
        raise PermissionDenied
    return found


def _member(project: Project, pk: int) -> Membership:
    return get_object_or_404(
        Membership.objects.select_related("user", "project"), project=project, pk=pk
    )


def _page(
    request: HttpRequest,
    project: Project,
    *,
    form: Any = None,
    link: str = "",
) -> HttpResponse:
    may = access.allows(request.user, "members", project.pk)
    context = frame.opened(request, project.slug, "members").context | {
        "project": project,
        "members": project.memberships.select_related("user").order_by("user__username"),
        "may_act": may,
        "form": form or InvitationForm(),
        "roles": [(role.value, role.label.partition(": ")[2]) for role in Role],
        "link": link,
    }
    if may:
        waiting = Invitation.objects.open().filter(project=project).order_by("-pk")
        context["invitations"] = waiting.select_related("created_by")
    return render(request, "projects/members.html", context, status=400 if form else 200)
