// The answers in words.

get("warnings").append(...data.warnings.map((words) => make("p", { className: "warning", textContent: `Warning: ${words}` })));
document.querySelector("#answers ul").append(...data.answers.map((words) => make("li", { textContent: words })));
