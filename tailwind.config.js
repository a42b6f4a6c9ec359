// The palette and type of Keepstead as Tailwind utilities. The values live in tools/css/src/tokens.css, one set for
// light and one for dark.
const token = (name) => `var(--${name})`;

export default {
  theme: {
    extend: {
      colors: {
        background: token("background"), foreground: token("foreground"), card: token("card"), muted: token("muted"),
        "muted-foreground": token("muted-foreground"), primary: token("primary"), "primary-foreground": token("primary-foreground"),
        border: token("border"), input: token("input"), ring: token("ring"), destructive: token("bad"),
        good: token("good"), run: token("run"), warn: token("warn"), bad: token("bad"), idle: token("idle"), ice: token("ice"),
      },
      fontFamily: { sans: ["Inter", "ui-sans-serif", "system-ui", "sans-serif"] },
    },
  },
};
