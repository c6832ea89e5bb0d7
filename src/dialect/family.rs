//! The API families.

/// One API family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// `OpenAI` and the many that speak like it.
    OpenAi,
    /// Azure's way to the same: deployments in the path.
    Azure,
    /// Anthropic's Messages.
    Anthropic,
    /// Gemini and Vertex.
    Gemini,
    /// Any other API: all fields decide, the mount included.
    Generic,
}

impl Dialect {
    /// The dialect that a mount speaks.
    #[must_use]
    pub fn of_mount(mount: &str) -> Self {
        match mount {
            "openai" | "lumenfall" => Self::OpenAi,
            "azure" => Self::Azure,
            "anthropic" => Self::Anthropic,
            "gemini" | "vertex" => Self::Gemini,
            _ => Self::Generic,
        }
    }

    /// The dialect's name, in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Azure => "azure",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Generic => "generic",
        }
    }

    /// The dialect with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::OpenAi, Self::Azure, Self::Anthropic, Self::Gemini, Self::Generic];
        all.into_iter().find(|dialect| dialect.name() == name)
    }
}
