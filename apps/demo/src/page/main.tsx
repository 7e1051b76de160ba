import { render } from "preact";
import { App } from "./app.tsx";
import "./styles/fonts.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/ask.css";
import "./styles/shelf.css";
import "./styles/arms.css";
import "./styles/source.css";

const root = document.getElementById("page");
if (root) {
  root.replaceChildren();
  render(<App />, root);
}
