//! Recipes that create the resources of well-known services, so that probes refer to resources that exist.
//!
//! A recipe is a `states.yaml` of the service whose section `members` maps members to values.

/// Each recipe by the name that botocore gives its service.
const RECIPES: [(&str, &str); 32] = [
    ("acm", include_str!("recipes/acm.yaml")),
    ("apigateway", include_str!("recipes/apigateway.yaml")),
    ("athena", include_str!("recipes/athena.yaml")),
    ("autoscaling", include_str!("recipes/autoscaling.yaml")),
    ("cloudformation", include_str!("recipes/cloudformation.yaml")),
    ("cloudwatch", include_str!("recipes/cloudwatch.yaml")),
    ("codedeploy", include_str!("recipes/codedeploy.yaml")),
    ("cognito-idp", include_str!("recipes/cognito-idp.yaml")),
    ("dynamodb", include_str!("recipes/dynamodb.yaml")),
    ("ec2", include_str!("recipes/ec2.yaml")),
    ("ecr", include_str!("recipes/ecr.yaml")),
    ("ecs", include_str!("recipes/ecs.yaml")),
    ("efs", include_str!("recipes/efs.yaml")),
    ("eks", include_str!("recipes/eks.yaml")),
    ("elasticache", include_str!("recipes/elasticache.yaml")),
    ("elbv2", include_str!("recipes/elbv2.yaml")),
    ("events", include_str!("recipes/events.yaml")),
    ("firehose", include_str!("recipes/firehose.yaml")),
    ("iam", include_str!("recipes/iam.yaml")),
    ("kinesis", include_str!("recipes/kinesis.yaml")),
    ("kms", include_str!("recipes/kms.yaml")),
    ("lambda", include_str!("recipes/lambda.yaml")),
    ("logs", include_str!("recipes/logs.yaml")),
    ("rds", include_str!("recipes/rds.yaml")),
    ("route53", include_str!("recipes/route53.yaml")),
    ("s3", include_str!("recipes/s3.yaml")),
    ("secretsmanager", include_str!("recipes/secretsmanager.yaml")),
    ("ses", include_str!("recipes/ses.yaml")),
    ("sns", include_str!("recipes/sns.yaml")),
    ("sqs", include_str!("recipes/sqs.yaml")),
    ("ssm", include_str!("recipes/ssm.yaml")),
    ("stepfunctions", include_str!("recipes/stepfunctions.yaml")),
];

/// The models of services whose operations recipes of other services call, with these operations only.
const HELPERS: [(&str, &str); 2] =
    [("iam", include_str!("helpers/iam.json")), ("sqs", include_str!("helpers/sqs.json"))];

/// The services that a recipe of `service` calls for its states, each with its model.
pub fn helpers<'r>(service: &'r str, recipe: &'r str) -> impl Iterator<Item = (&'static str, &'static str)> + use<'r> {
    let calls = move |name: &str| recipe.lines().any(|line| line.trim().strip_prefix("service: ") == Some(name));
    HELPERS.into_iter().filter(move |(name, _)| *name != service && calls(name))
}

/// The recipe of a service, by the name that botocore gives it.
#[must_use]
pub fn recipe(service: &str) -> Option<&'static str> {
    RECIPES.into_iter().find_map(|(name, text)| (name == service).then_some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_has_the_models_of_other_services_that_it_calls() {
        let named = |service: &str, text: &str| helpers(service, text).map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(named("lambda", recipe("lambda").unwrap()), ["iam", "sqs"]);
        assert_eq!(named("iam", "steps:\n  - service: iam"), [""; 0]);
        assert_eq!(named("sqs", recipe("sqs").unwrap()), [""; 0]);
    }

    #[test]
    fn every_file_of_recipes_is_listed() {
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/probe/recipes")).unwrap();
        let mut files: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        files.sort();
        assert_eq!(files, RECIPES.map(|(name, _)| format!("{name}.yaml")));
    }
}
