// A click gives points for one part of an answer. The score is their sum, and the comment says them part by part; both are
// then saved by nbgrader's own script, as if they had been typed. What else stands in the comment is left alone.
$(function () {
  function lineOf(letter) { return new RegExp("^\\(" + letter + "\\) [0-9.]+ of [0-9.]+\\.?", "m"); }

  function fields(rubric) {
    var cell = $(document.getElementById(rubric.data("cell"))).parents(".nbgrader_cell");
    return {score: cell.find(".score"), comment: cell.find(".comment")};
  }

  function given(rubric, field) {
    rubric.find(".rubric-item").each(function () {
      var found = lineOf($(this).data("letter")).exec(field.val());
      var points = found ? parseFloat(found[0].split(") ")[1]) : null;
      $(this).find(".rubric-points").each(function () {
        $(this).toggleClass("active", points !== null && parseFloat($(this).data("points")) === points);
      });
    });
  }

  function write(field, line, pattern) {
    var before = field.val();
    var after = pattern && pattern.test(before) ? before.replace(pattern, function () { return line; })
      : before.replace(/\s+$/, "") + (before.trim() ? "\n" : "") + line;
    field.val(after).trigger("change");
  }

  $(".rubric-points").on("click", function () {
    var rubric = $(this).parents(".rubric"), item = $(this).parents(".rubric-item"), to = fields(rubric);
    var letter = item.data("letter");
    write(to.comment, "(" + letter + ") " + $(this).data("points") + " of " + item.data("points") + ".", lineOf(letter));
    given(rubric, to.comment);
    var sum = 0;
    rubric.find(".rubric-points.active").each(function () { sum += parseFloat($(this).data("points")); });
    to.score.val(sum).trigger("change");
  });

  $(".rubric-quote").on("click", function () {
    var item = $(this).parents(".rubric-item"), field = fields($(this).parents(".rubric")).comment;
    var found = lineOf(item.data("letter")).exec(field.val()), text = $(this).data("text");
    write(field, found ? found[0] + " " + text : text, found ? lineOf(item.data("letter")) : null);
  });

  // Comments come from the server after the page: show what was given before.
  $(document).ajaxStop(function () {
    $(".rubric").each(function () { given($(this), fields($(this)).comment); });
  });
});
