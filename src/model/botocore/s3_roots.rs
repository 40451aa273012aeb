//! The document elements of outputs of S3, which botocore's models do not state.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::shape::{Shape, ShapeId};

/// Each output whose document element has another name, by service id.
const ROOTS: [(&str, &str, &str); 28] = [
    ("S3", "CompleteMultipartUploadOutput", "CompleteMultipartUploadResult"),
    ("S3", "CreateMultipartUploadOutput", "InitiateMultipartUploadResult"),
    ("S3", "CreateSessionOutput", "CreateSessionResult"),
    ("S3", "DeleteObjectsOutput", "DeleteResult"),
    ("S3", "GetBucketAccelerateConfigurationOutput", "AccelerateConfiguration"),
    ("S3", "GetBucketAclOutput", "AccessControlPolicy"),
    ("S3", "GetBucketCorsOutput", "CORSConfiguration"),
    ("S3", "GetBucketLifecycleConfigurationOutput", "LifecycleConfiguration"),
    ("S3", "GetBucketLocationOutput", "LocationConstraint"),
    ("S3", "GetBucketLoggingOutput", "BucketLoggingStatus"),
    ("S3", "GetBucketRequestPaymentOutput", "RequestPaymentConfiguration"),
    ("S3", "GetBucketTaggingOutput", "Tagging"),
    ("S3", "GetBucketVersioningOutput", "VersioningConfiguration"),
    ("S3", "GetBucketWebsiteOutput", "WebsiteConfiguration"),
    ("S3", "GetObjectAclOutput", "AccessControlPolicy"),
    ("S3", "GetObjectAttributesOutput", "GetObjectAttributesResponse"),
    ("S3", "GetObjectTaggingOutput", "Tagging"),
    ("S3", "ListBucketAnalyticsConfigurationsOutput", "ListBucketAnalyticsConfigurationResult"),
    ("S3", "ListBucketInventoryConfigurationsOutput", "ListInventoryConfigurationsResult"),
    ("S3", "ListBucketMetricsConfigurationsOutput", "ListMetricsConfigurationsResult"),
    ("S3", "ListBucketsOutput", "ListAllMyBucketsResult"),
    ("S3", "ListDirectoryBucketsOutput", "ListAllMyDirectoryBucketsResult"),
    ("S3", "ListMultipartUploadsOutput", "ListMultipartUploadsResult"),
    ("S3", "ListObjectVersionsOutput", "ListVersionsResult"),
    ("S3", "ListObjectsOutput", "ListBucketResult"),
    ("S3", "ListObjectsV2Output", "ListBucketResult"),
    ("S3", "ListPartsOutput", "ListPartsResult"),
    ("S3 Control", "ListStorageLensConfigurationsResult", "ListStorageLensConfigurationResult"),
];

/// Names the document elements of the outputs of a service.
pub(super) fn name_roots(service_id: &str, shapes: &mut BTreeMap<ShapeId, Shape>) {
    let roots: BTreeMap<&str, &str> =
        ROOTS.iter().filter(|(service, ..)| *service == service_id).map(|(_, output, root)| (*output, *root)).collect();
    if roots.is_empty() {
        return;
    }
    for shape in shapes.values_mut() {
        if let Some(root) = roots.get(shape.id.name()) {
            shape.traits.0.insert("smithy.api#xmlName".to_owned(), Value::from(*root));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::read;

    #[test]
    fn outputs_of_s3_alone_have_the_names_of_their_document_elements() {
        for (id, expected) in [("S3", Some("ListBucketResult")), ("Other", None)] {
            let text = format!(
                r#"{{"metadata":{{"apiVersion":"1","endpointPrefix":"s","serviceFullName":"f","serviceId":"{id}","protocol":"rest-xml"}},
                "operations":{{"L":{{"name":"L","output":{{"shape":"ListObjectsOutput"}}}}}},
                "shapes":{{"ListObjectsOutput":{{"type":"structure","members":{{}}}}}}}}"#
            );
            let contract = read("m", &text).unwrap();
            let output = contract.shape(&contract.operation("L").unwrap().output).unwrap();
            let name = output.traits.get("smithy.api#xmlName").and_then(Value::as_str);
            assert_eq!(name, expected);
        }
    }
}
